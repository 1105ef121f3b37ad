import { jest } from '@jest/globals';
import { type ApiError, createClient } from '../../console/api/client';

const answers: (Response | Error)[] = [];
const asked: { readonly url: string; readonly headers: Headers }[] = [];

beforeEach(() => {
  answers.length = 0;
  asked.length = 0;
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    asked.push({ url: String(url), headers: new Headers(init?.headers) });
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new TypeError('fetch failed');
    Object.defineProperty(answer, 'url', { value: String(url) });
    return answer;
  });
});

const client = () => createClient({ api: 'https://api.example/console/api' });
const problem = (status: number, headers: Record<string, string> = {}) =>
  new Response('{"detail":"the request failed; the log says why"}', { status, headers });
const catchError = (promise: Promise<unknown>) =>
  promise.catch((error: ApiError) => error) as Promise<ApiError>;

describe('the state of the connection', () => {
  it('is lost if nothing answers, and live again with the next answer', async () => {
    const { get, connection } = client();
    answers.push(new TypeError('fetch failed'), new Response('{}'));

    expect((await catchError(get('/cases'))).kind).toBe('unreachable');
    expect(connection()).toEqual({ state: 'lost', why: 'The API does not answer.' });
    await get('/cases');
    expect(connection()).toEqual({ state: 'live', lastAt: expect.any(Number) });
  });

  it('is not lost if the API answers that it failed', async () => {
    const { get, connection } = client();
    answers.push(new Response('{}'), problem(500));

    await get('/cases');
    await catchError(get('/cases'));

    const why = 'The request failed; the log says why';
    expect(connection()).toEqual({ state: 'failing', lastAt: expect.any(Number), why });
  });

  it('stays the same if an act fails, or if one list is not available yet', async () => {
    const { get, post, connection } = client();
    answers.push(new Response('{}'), problem(500), problem(503, { 'retry-after': '60' }));

    await get('/cases');
    expect((await catchError(post('/things/a/release', {}))).message).toContain('The request failed');
    expect(connection().state).toBe('live');
    await catchError(get('/audit'));
    expect(connection().state).toBe('live');
  });
});

it('asks with the tag of the last answer, and keeps the same object for a 304', async () => {
  const { get } = client();
  answers.push(
    new Response('{"cases":[]}', { headers: { etag: '"one"' } }),
    new Response(null, { status: 304, headers: { etag: '"one"' } }),
  );

  const first = await get('/cases');
  const second = await get('/cases');

  expect(second).toBe(first);
  expect(asked.map(({ headers }) => headers.get('if-none-match'))).toEqual([null, '"one"']);
});
