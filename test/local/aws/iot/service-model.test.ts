import { createIotControlPlane, iotRoutes } from '../../../../local/aws/iot/control-plane';
import { iotServiceModel } from '../../../../local/aws/iot/service-model';
import { aRegistry } from './builders';

describe('createIotControlPlane', () => {
  const plane = createIotControlPlane(aRegistry());
  const aRequest = (operation: { method: string; path: string }) => ({
    service: 'iot',
    method: operation.method,
    path: operation.path.replace(/\{[^}]*\}/g, 'x'),
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.alloc(0),
    caller: { accessKeyId: 'test', arn: 'arn:aws:iam::123456789012:user/local-operator' },
  });

  it('confuses no operation of the service model with another', () => {
    const misread = iotServiceModel.filter((operation) => {
      const action = plane.identify(aRequest(operation))?.action;
      return action !== undefined && action !== `iot:${operation.name}`;
    });

    expect(iotServiceModel.length).toBeGreaterThan(200);
    expect(misread).toEqual([]);
  });

  it.each(iotRoutes(aRegistry()).map(({ operation }) => operation))(
    'recognizes %s by the method and path of the service model',
    (name) => {
      const operation = iotServiceModel.find((candidate) => candidate.name === name);

      expect(operation && plane.identify(aRequest(operation))?.action).toBe(`iot:${name}`);
    },
  );

  it('names an operation that it does not emulate', () => {
    const unknown = [
      { method: 'GET', path: '/authorizer/x' },
      { method: 'GET', path: '/x' },
    ];

    expect(unknown.map((request) => plane.nameOperation?.(aRequest(request)))).toEqual([
      'DescribeAuthorizer',
      undefined,
    ]);
  });
});
