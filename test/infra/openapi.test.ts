import { Ajv2020 } from 'ajv/dist/2020.js';
import { writeOpenApi } from '../../infra/openapi';
import { operatorRoutes } from '../../shared/routes';

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

  it('says which filters a list takes and what a bulk act needs', () => {
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
