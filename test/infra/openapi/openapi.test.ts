import { Ajv2020 } from 'ajv/dist/2020.js';
import { writeOpenApi } from '../../../infra/openapi/openapi';
import { operatorRoutes } from '../../../shared/routes';

const document = writeOpenApi();

describe('the OpenAPI document', () => {
  it('has each route of the API, and no other', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );

    expect(described.toSorted()).toEqual([...operatorRoutes].toSorted());
  });

  it('has schemas that a validator reads, and names of operations that differ', () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ $id: 'openapi', ...document });
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods)) as {
      operationId: string;
      parameters: { name: string; in: string }[];
    }[];

    for (const path of Object.keys(document.paths)) {
      const pointer = encodeURIComponent(path.replaceAll('/', '~1'));
      for (const method of Object.keys(document.paths[path] ?? {}))
        expect(() => ajv.getSchema(`openapi#/paths/${pointer}/${method}`)).not.toThrow();
    }
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operatorRoutes.length);
  });

  it('describes what the API refuses in a request: numbers, lists, names, and a missing body', () => {
    const [list, metric, refusal] = [
      '/cases',
      '/things/{thing}/metrics/{metric}',
      '/things/{thing}/refusals/{commandId}',
    ].map((path) => document.paths[path]?.get as { parameters: { name: string }[] });
    const find = (operation: typeof list, name: string) =>
      (operation?.parameters ?? []).find((parameter) => parameter.name === name);

    expect(find(list, 'limit')).toMatchObject({ schema: { type: 'integer', minimum: 1, maximum: 500 } });
    expect(find(list, 'status')).toMatchObject({
      schema: { type: 'array', minItems: 1 },
      style: 'form',
      explode: false,
    });
    expect(find(metric, 'from')).toMatchObject({ schema: { type: 'integer', minimum: 0 } });
    expect(find(metric, 'metric')).toMatchObject({ schema: { pattern: '^[a-zA-Z0-9:_-]{1,128}$' } });
    expect(find(refusal, 'commandId')).toMatchObject({ schema: { pattern: '^[0-9a-f-]{36}$' } });
    const bodyOf = (path: string) =>
      (document.paths[path]?.post as { requestBody: { required: boolean } } | undefined)?.requestBody;
    expect(bodyOf('/things/{thing}/comment')?.required).toBe(true);
    expect(bodyOf('/things/{thing}/release')?.required).toBe(false);
    expect(bodyOf('/bulk/release')).toMatchObject({
      required: true,
      content: {
        'application/json': {
          schema: {
            // Cordon acts on things of its own account and region only.
            properties: {
              things: { maxItems: 500, items: { type: 'string', pattern: '^[a-zA-Z0-9:_-]{1,128}$' } },
            },
            oneOf: [{ required: ['things'] }, { required: ['cases'] }, { required: ['filter'] }],
          },
        },
      },
    });
    expect(find(list, 'cursor')).toMatchObject({
      description: expect.stringContaining('any other text is a 400'),
    });
  });

  it('says which filters a list takes and what a bulk request needs', () => {
    const list = document.paths['/cases']?.get as { parameters: { name: string }[] };
    const bulk = document.paths['/bulk/approve']?.post as {
      requestBody: { content: { 'application/json': { schema: { required: string[] } } } };
    };

    expect(list.parameters.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['status', 'severity', 'behavior', 'thing', 'group', 'actor', 'cursor']),
    );
    expect(bulk.requestBody.content['application/json'].schema.required.toSorted()).toEqual([
      'expect',
      'key',
    ]);
  });
});
