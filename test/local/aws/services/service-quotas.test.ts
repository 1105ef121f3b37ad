import { createServiceQuotas } from '../../../../local/aws/services/service-quotas';
import type { ApiRequest } from '../../../../local/types';

const handler = createServiceQuotas({ partition: 'aws', region: 'us-east-1', accountId: '000000000000' });

async function ask(operation: string, body: object) {
  const request = {
    headers: { 'x-amz-target': `ServiceQuotasV20190624.${operation}` },
    body: Buffer.from(JSON.stringify(body)),
  } as unknown as ApiRequest;
  const { status, body: answer } = await handler.handle(request);
  return { status, action: handler.identify(request)?.action, ...JSON.parse(String(answer)) };
}
const ServiceCode = 'iotcore';

describe('the emulated Service Quotas', () => {
  it('lists defaults that have no applied value in one list only, each page by page', async () => {
    const codes = async (operation: string) => {
      const first = await ask(operation, { ServiceCode, MaxResults: 10 });
      const second = await ask(operation, { ServiceCode, MaxResults: 10, NextToken: first.NextToken });
      expect([first.Quotas.length, second.NextToken]).toEqual([10, undefined]);
      return [...first.Quotas, ...second.Quotas].map(({ QuotaCode }) => QuotaCode);
    };
    const [defaults, applied] = [
      await codes('ListAWSDefaultServiceQuotas'),
      await codes('ListServiceQuotas'),
    ];
    expect(defaults).toEqual(expect.arrayContaining(applied));
    expect([defaults.includes('L-AEA1E176'), applied.includes('L-AEA1E176')]).toEqual([true, false]);
  });

  it.each([
    [{ ServiceCode: 'iot-core' }, /NoSuchResourceException/],
    [{}, /IllegalArgumentException/],
    [{ ServiceCode, MaxResults: 101 }, /IllegalArgumentException/],
    [{ ServiceCode, NextToken: 'x' }, /InvalidPaginationTokenException/],
  ])('refuses %j as AWS does', async (body, error) => {
    const answer = await ask('ListServiceQuotas', body);
    expect([answer.status, answer.action]).toEqual([400, 'servicequotas:ListServiceQuotas']);
    expect(JSON.stringify(answer)).toMatch(error);
  });
});
