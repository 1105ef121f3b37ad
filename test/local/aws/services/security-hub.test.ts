import { createSecurityHub } from '../../../../local/aws/services/security-hub';
import type { ApiRequest } from '../../../../local/types';

const ProductArn = 'arn:aws:securityhub:us-east-1:000000000000:product/000000000000/default';
const valid = {
  SchemaVersion: '2018-10-08',
  Id: 'a',
  ProductArn,
  GeneratorId: 'g',
  AwsAccountId: '000000000000',
  CreatedAt: '2026-01-02T03:04:05.006Z',
  UpdatedAt: '2026-01-02T03:04:05.006Z',
  Title: 't',
  Description: 'd',
  FindingProviderFields: { Severity: { Label: 'LOW' }, Types: ['TTPs/Execution'] },
  Resources: [{ Type: 'Other', Id: 'r' }],
};

let hub: ReturnType<typeof createSecurityHub>;

beforeEach(() => {
  hub = createSecurityHub({ partition: 'aws', region: 'us-east-1', accountId: '000000000000' });
});

async function ask(method: string, path: string, body: object) {
  const request = {
    method,
    path,
    service: 'securityhub',
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
  };
  const { status, body: answer } = await hub.handler.handle(request as unknown as ApiRequest);
  return { status, ...JSON.parse(String(answer)) };
}
const importFindings = (...Findings: readonly object[]) => ask('POST', '/findings/import', { Findings });
const update = (Status: string, ...ids: readonly string[]) =>
  ask('PATCH', '/findings/batchupdate', {
    FindingIdentifiers: ids.map((Id) => ({ Id, ProductArn })),
    Workflow: { Status },
  });

describe('the emulated Security Hub', () => {
  it.each<[what: string, over: object, error: RegExp]>([
    ['no title', { Title: undefined }, /data\.Title/],
    ['a title of spaces', { Title: ' ' }, /data\.Title should match pattern/],
    ['a title that is too long', { Title: 'x'.repeat(257) }, /data\.Title/],
    ['a description that is too long', { Description: 'x'.repeat(1_025) }, /data\.Description/],
    ['another schema', { SchemaVersion: '2' }, /data\.SchemaVersion/],
    ['no resource', { Resources: [] }, /data\.Resources/],
    [
      'a resource type that ASFF lacks',
      { Resources: [{ Type: 'AwsIotThing', Id: 'r' }] },
      /data\.Resources\.0/,
    ],
    ['33 resources', { Resources: Array(33).fill({ Type: 'Other', Id: 'r' }) }, /data\.Resources/],
    ['a day as its time', { UpdatedAt: '2026-01-02' }, /data\.UpdatedAt should be a timestamp/],
    ['no such month', { UpdatedAt: '2026-13-02T00:00:00Z' }, /data\.UpdatedAt should be a valid time/],
    ['no severity', { FindingProviderFields: { Types: ['TTPs'] } }, /should have a severity/],
    ['no type', { FindingProviderFields: { Severity: { Label: 'LOW' } } }, /should have a type/],
    ['a type of its own', { Types: ['Cordon'] }, /data\.Types\.0 should be namespace/],
    ['a field that is empty', { ProductFields: { a: '' } }, /data\.ProductFields\.a/],
    ['a field that is too long', { ProductFields: { a: 'x'.repeat(2_049) } }, /data\.ProductFields\.a/],
    ["a field of AWS's own", { ProductFields: { 'aws/a': 'x' } }, /begin with aws/],
    [
      '51 fields',
      { ProductFields: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [n, 'x'])) },
      /50/,
    ],
    ['a link without text', { Remediation: { Recommendation: { Url: 'https://a.b' } } }, /property Text/],
    ['a link that is none', { SourceUrl: 'javascript:alert(1)' }, /data\.SourceUrl/],
    ['an unknown field', { Color: 'red' }, /Color/],
    ['another account', { AwsAccountId: '111111111111' }, /^InvalidAccess/],
    ['another product', { ProductArn: ProductArn.replace('us-east-1', 'eu-west-1') }, /^InvalidAccess/],
  ])('refuses a finding with %s', async (_, over, error) => {
    const { FailedCount, FailedFindings, SuccessCount } = await importFindings({ ...valid, ...over });

    expect([FailedCount, SuccessCount]).toEqual([1, 0]);
    const [{ ErrorCode, ErrorMessage }] = FailedFindings;
    expect(`${ErrorCode}: ${ErrorMessage}`).toMatch(error);
    expect(hub.findings()).toEqual([]);
  });

  it('takes 100 findings in a call and not one more', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...valid, Id: `${index}` }));

    expect(await importFindings(...many(101))).toMatchObject({ status: 400 });
    expect(await importFindings(...many(100))).toMatchObject({ status: 200, SuccessCount: 100 });
    expect(await importFindings()).toMatchObject({ status: 400 });
  });

  it('ignores an update that is not later, and keeps what is the customer’s', async () => {
    await importFindings({ ...valid, Workflow: { Status: 'NOTIFIED' } });
    await importFindings({ ...valid, Title: 'same time' });
    expect(hub.findings()[0]?.Title).toBe('t');
    await importFindings({
      ...valid,
      Title: 'later',
      UpdatedAt: '2026-01-02T03:04:05.007Z',
      Workflow: { Status: 'RESOLVED' },
    });

    expect(hub.findings()).toMatchObject([{ Title: 'later', Workflow: { Status: 'NOTIFIED' } }]);
  });

  it('makes a finding new that comes back from the archive', async () => {
    await importFindings({ ...valid, RecordState: 'ARCHIVED', Workflow: { Status: 'RESOLVED' } });
    await importFindings({ ...valid, UpdatedAt: '2026-01-02T03:04:06Z', RecordState: 'ACTIVE' });

    expect(hub.findings()[0]?.Workflow?.Status).toBe('NEW');
  });

  it('updates findings that it has, once each', async () => {
    await importFindings(valid);

    const { ProcessedFindings, UnprocessedFindings } = await update('RESOLVED', 'a', 'a', 'b');

    expect(ProcessedFindings).toEqual([{ Id: 'a', ProductArn }]);
    expect(UnprocessedFindings.map(({ ErrorCode }: { ErrorCode: string }) => ErrorCode)).toEqual([
      'DuplicatedFindingIdentifier',
      'FindingNotFound',
    ]);
    expect(hub.findings()[0]?.Workflow?.Status).toBe('RESOLVED');
    expect(await update('DONE', 'a')).toMatchObject({ status: 400 });
  });

  it('refuses everything while the account has not turned it on', async () => {
    hub.enable(false);

    expect(await importFindings(valid)).toMatchObject({
      status: 401,
      message: 'Account 000000000000 is not subscribed to AWS Security Hub',
    });
  });
});
