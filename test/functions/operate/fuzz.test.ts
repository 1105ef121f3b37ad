import fc from 'fast-check';
import { writeOpenApi } from '../../../infra/openapi/openapi';
import { operatorRoutes } from '../../../shared/routes';
import { anyText } from '../../any-text';
import { aContainedCase } from '../../cli/stored-cases';
import { anOperator } from './operator';

const { record } = aContainedCase();
const { paths } = writeOpenApi();

interface Described {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: { readonly properties?: object } } };
  };
}

function describedAs(route: string): Described {
  const [method = '', path = ''] = route.split(' ');
  return paths[path]?.[method.toLowerCase()] as Described;
}

const hostile = fc.oneof(
  anyText(20),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e9',
    'null',
    '\0',
    '\uFFFF',
    '\ud800',
    '🦠',
    '../',
    '%00',
    '__proto__',
    'a,b',
  ),
  fc.constantFrom(
    'mything1',
    'case-1',
    'high',
    'observed',
    '1795000000000',
    '9'.repeat(15),
    'x'.repeat(5_000),
  ),
);
const anything = fc.oneof(hostile, fc.jsonValue({ maxDepth: 2 }));

/** A request with the names that the route knows, and some that it doesn't. */
const request = fc.constantFrom(...operatorRoutes).chain((route) => {
  const { parameters, requestBody } = describedAs(route);
  const named = (where: string) => parameters.filter((one) => one.in === where).map(({ name }) => name);
  const fields = Object.keys(requestBody?.content['application/json'].schema.properties ?? {});
  const some = (names: readonly string[], value: fc.Arbitrary<unknown>) =>
    fc.dictionary(fc.constantFrom(...names, 'actor', '__proto__'), value, { maxKeys: 4 });
  return fc.record({
    route: fc.constant(route),
    pathParameters: fc.record(
      Object.fromEntries(
        named('path').map((name) => [name, fc.oneof(fc.constant('mything1'), hostile)] as const),
      ),
    ),
    queryStringParameters: some(named('query'), hostile) as fc.Arbitrary<Record<string, string>>,
    body: fc.oneof(
      some(fields, anything).map((value) => JSON.stringify(value)),
      anything.map((value) => JSON.stringify(value)),
      hostile,
    ),
    headers: fc.record({
      ...{ 'if-none-match': hostile, accept: hostile },
      'content-type': fc.oneof({ arbitrary: fc.constant('application/json'), weight: 5 }, hostile),
    }),
    isBase64Encoded: fc.boolean(),
  });
});

describe('the HTTP API, for any request', () => {
  it('answers what its OpenAPI document says, and never with a failure of its own', async () => {
    const { ask, telemetry } = anOperator([record]);
    await fc.assert(
      fc.asyncProperty(request, async ({ route, ...rest }) => {
        // Throws if the document has no such answer.
        const { status } = await ask(route, rest);
        expect([route, status, telemetry.lines]).not.toEqual([route, 500, expect.anything()]);
      }),
      { numRuns: 300 },
    );
  });
});
