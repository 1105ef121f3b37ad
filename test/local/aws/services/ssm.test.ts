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

  it.each([
    ['a value of more than 4 KB', { Name: '/b', Value: 'x'.repeat(4_097), Type: 'String' }],
    ['a value that names another parameter', { Name: '/b', Value: 'see {{ssm:/a}}', Type: 'String' }],
    [
      'tags if it may replace one',
      { Name: '/b', Value: '1', Type: 'String', Overwrite: true, Tags: [{ Key: 'a', Value: 'b' }] },
    ],
    ['no value', { Name: '/b', Value: '', Type: 'String' }],
    ['a name with a space in it', { Name: '/b c', Value: '1', Type: 'String' }],
    ['a name of AWS’s own', { Name: '/aws/b', Value: '1', Type: 'String' }],
    ['a name of 16 levels', { Name: '/b'.repeat(16), Value: '1', Type: 'String' }],
    ['a path that does not begin with a slash', { Name: 'b/c', Value: '1', Type: 'String' }],
    ['an unknown type', { Name: '/b', Value: '1', Type: 'Secret' }],
  ])('is refused with %s', async (_what, body) => {
    expect(await put(body)).toContain('ValidationException');
  });

  it.each([
    ['with ten others', 'GetParameters', { Names: Array.from({ length: 11 }, (_, index) => `/n${index}`) }],
    ['with one that has no name', 'GetParameters', { Names: ['/a', ''] }],
    ['without a name', 'GetParameter', {}],
    ['under an empty name', 'GetParameter', { Name: '' }],
    ['under a name of 2,049 characters', 'GetParameter', { Name: '/'.repeat(2_049) }],
  ])('is not read %s', async (_how, operation, request) => {
    const { body } = await handler.handle({
      headers: { 'x-amz-target': `AmazonSSM.${operation}`, 'content-type': 'application/x-amz-json-1.1' },
      body: Buffer.from(JSON.stringify(request)),
    } as unknown as ApiRequest);

    expect(String(body)).toContain('ValidationException');
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
