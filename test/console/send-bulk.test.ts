import { ApiError } from '../../console/api/client';
import { createBulk } from '../../console/operator-actions/send-bulk';

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ thingName: `thing${index}`, caseId: `case${index}` }));

interface Sent {
  readonly path: string;
  readonly body: { readonly cases: readonly object[]; readonly expect: number; readonly key: string };
}

/** An API with this many cases, in pages; the given requests fail. */
function anApi(count: number) {
  const cases = many(count);
  const read: string[] = [];
  const sent: Sent[] = [];
  const faults: (ApiError | undefined)[] = [];
  return {
    ...{ read, sent, faults },
    client: {
      async read(path: string) {
        read.push(path);
        const query = new URL(path, 'https://api.example').searchParams;
        const from = Number(query.get('cursor') ?? 0);
        const to = from + Number(query.get('limit'));
        return JSON.stringify({ cases: cases.slice(from, to), ...(to < count && { next: String(to) }) });
      },
      async post<T>(path: string, body: unknown): Promise<T> {
        const given = body as Sent['body'];
        const fault = faults.shift();
        if (fault) throw fault;
        sent.push({ path, body: given });
        return { results: given.cases.map((one) => ({ ...one, result: 'sent' })) } as T;
      },
    },
  };
}

const storm = { status: 'awaiting-approval', behaviors: 'p/b' };

describe('an act on many cases', () => {
  it('is sent for each of a storm in as many requests as it takes, bound to the cases that were counted', async () => {
    const { client, read, sent } = anApi(2_000);
    const progress: number[] = [];
    const bulk = createBulk(client, { act: 'approve', count: 2_000, cases: storm });

    const results = await bulk.send({ comment: 'a worm' }, (count) => progress.push(count));

    expect(results.map(({ caseId }) => caseId)).toEqual(many(2_000).map(({ caseId }) => caseId));
    expect(progress).toEqual([500, 1_000, 1_500, 2_000]);
    expect(sent.map(({ path, body }) => [path, body.expect])).toEqual(Array(4).fill(['/bulk/approve', 500]));
    expect(new Set(sent.map(({ body }) => body.key)).size).toBe(1);
    expect(sent[3]?.body).toMatchObject({ comment: 'a worm', cases: many(2_000).slice(1_500) });
    expect(read).toHaveLength(4);
    expect(read[0]).toBe('/cases?status=awaiting-approval&behaviors=p%2Fb&limit=500');
  });

  it('continues after an interruption, and repeats only what had no answer', async () => {
    const { client, read, sent, faults } = anApi(1_200);
    const lost = new ApiError('unreachable', 'The API does not answer.');
    faults.push(undefined, lost);
    const bulk = createBulk(client, { act: 'release', count: 1_200, cases: storm });

    await expect(bulk.send({}, () => undefined)).rejects.toThrow(lost);
    const results = await bulk.send({}, () => undefined);

    expect(results).toHaveLength(1_200);
    expect(sent.map(({ body }) => body.expect)).toEqual([500, 500, 200]);
    expect(read).toHaveLength(3);
  });

  it.each([
    [1_199, 'Expected 1200, but 1199 are selected: nothing was sent'],
    [1_201, 'Expected 1200, but more than 1200 are selected: nothing was sent'],
  ])('is not sent if %d match by now', async (matching, why) => {
    const { client, sent } = anApi(matching);
    const bulk = createBulk(client, { act: 'release', count: 1_200, cases: storm });

    await expect(bulk.send({}, () => undefined)).rejects.toThrow(why);
    expect(sent).toEqual([]);
  });

  it('reads no more pages than show that too many match', async () => {
    const { client, read } = anApi(100_000);
    const bulk = createBulk(client, { act: 'release', count: 10, cases: storm });

    await expect(bulk.send({}, () => undefined)).rejects.toThrow('more than 10');
    expect(read).toHaveLength(1);
  });

  it('asks for no list if the cases were selected one by one', async () => {
    const { client, read, sent } = anApi(0);

    await createBulk(client, { act: 'assign', count: 3, cases: many(3) }).send({}, () => undefined);

    expect(read).toEqual([]);
    expect(sent[0]?.body.cases).toEqual(many(3));
  });
});
