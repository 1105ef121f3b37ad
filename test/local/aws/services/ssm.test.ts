import { createParameterStore } from '../../../../local/aws/services/ssm';
import type { ApiRequest } from '../../../../local/types';

const { handler, list } = createParameterStore({
  partition: 'aws',
  region: 'us-east-1',
  accountId: '000000000000',
});

async function put(body: object): Promise<string> {
  const { status, body: answer } = await handler.handle({
    headers: { 'x-amz-target': 'AmazonSSM.PutParameter', 'content-type': 'application/x-amz-json-1.1' },
    body: Buffer.from(JSON.stringify(body)),
  } as unknown as ApiRequest);
  return status === 200 ? 'stored' : String(answer);
}

describe('a parameter of Parameter Store', () => {
  it('needs a type when it is created, and keeps it', async () => {
    expect(await put({ Name: '/a', Value: '1' })).toContain('A parameter type is required');
    expect(await put({ Name: '/a', Value: '1', Type: 'SecureString' })).toBe('stored');
    expect(await put({ Name: '/a', Value: '2', Type: 'String', Overwrite: true })).toContain(
      'HierarchyTypeMismatchException',
    );
    expect(await put({ Name: '/a', Value: '3', Overwrite: true })).toBe('stored');
    expect(await put({ Name: '/a', Value: '4', Type: 'SecureString', Overwrite: true })).toBe('stored');

    expect(list('/a')).toEqual([['/a', '4']]);
  });

  it('that is a secret of Secrets Manager needs the right to that secret, too', () => {
    const ask = (Name: string) =>
      handler.identify({
        headers: { 'x-amz-target': 'AmazonSSM.GetParameter' },
        body: Buffer.from(JSON.stringify({ Name })),
      } as unknown as ApiRequest);

    expect(ask('/a')?.alsoAsks).toBeUndefined();
    expect(ask('/aws/reference/secretsmanager/team/hook')?.alsoAsks).toEqual({
      action: 'secretsmanager:GetSecretValue',
      resources: ['arn:aws:secretsmanager:us-east-1:000000000000:secret:team/hook-AbCdEf'],
    });
  });
});
