import { writeOpenApi } from '../../../infra/openapi/openapi';
import type { HttpRequest } from '../../../shared/http';
import { operatorRoutes } from '../../../shared/routes';
import { aContainedCase } from '../../cli/stored-cases';
import { anOperator } from './operator';

const { record } = aContainedCase();
const document = writeOpenApi();
const operation = (route: string) => {
  const [method = '', path = ''] = route.split(' ');
  return document.paths[path]?.[method.toLowerCase()] as {
    readonly responses: object;
    readonly parameters: readonly { readonly name: string; readonly in: string }[];
  };
};

/** The statuses that the function itself returns, with their requests. API Gateway alone returns the others. */
const causes: Readonly<Record<string, (route: string) => Partial<HttpRequest>>> = {
  400: (route) => {
    const hasQuery = operation(route).parameters.some((one) => one.in === 'query');
    if (route.startsWith('POST')) return { body: '{' };
    return hasQuery
      ? { queryStringParameters: { nothing: 'x' } }
      : { pathParameters: { thing: '..', metric: '..', commandId: '..' } };
  },
  409: (route) => {
    const act = route.split('/').at(-1);
    const needed = {
      ...(act === 'harden' && { actions: ['disconnect'] }),
      ...(act === 'comment' && { comment: 'x' }),
    };
    const many = { things: ['a', 'b'], expect: 1, key: 'key-00000' };
    return { body: JSON.stringify({ ...needed, ...(route.includes('/bulk/') && many) }) };
  },
  413: () => ({ body: JSON.stringify({ comment: 'x'.repeat(200_000) }) }),
  415: () => ({ body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
};

const documented = operatorRoutes.flatMap((route) =>
  Object.keys(causes).flatMap((status) =>
    status in operation(route).responses ? [[route, Number(status)] as const] : [],
  ),
);

describe('a status that the OpenAPI document has', () => {
  it.each(documented)('%s can answer %i', async (route, status) => {
    // Nothing can be contained, and what needs a case has none.
    const act = route.split('/').at(-1);
    const { ask } = anOperator(act === 'contain' ? [record] : []);
    const cause = causes[status]?.(route) ?? {};
    const pathParameters = { thing: 'mything1', metric: 'm', commandId: '0'.repeat(36) };
    expect(await ask(route, { pathParameters, ...cause })).toMatchObject({ status });
  });

  it('is of no route that can not answer it', () => {
    const statuses = (route: string) => Object.keys(operation(route).responses).map(Number);
    expect(statuses('GET /me')).toEqual([200, 304, 401, 403, 429, 431, 500, 503]);
    expect(statuses('GET /cases')).toEqual([200, 304, 400, 401, 403, 429, 431, 500, 503]);
    expect(statuses('POST /bulk/release')).toEqual([202, 400, 401, 403, 409, 413, 415, 429, 431, 500, 503]);
  });
});
