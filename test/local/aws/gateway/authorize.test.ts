import { findRefusal } from '../../../../local/aws/gateway/authorize';

const identity = { accountId: '000000000000', region: 'eu-west-1', partition: 'aws' } as const;
const topic = 'arn:aws:iot:eu-west-1:000000000000:topic/a';

function refusalWith(actions: readonly string[]) {
  const caller = { accessKeyId: 'ASIA', arn: 'arn:aws:sts::000000000000:role/x', functionName: 'respond' };
  const Statement = { Effect: 'Allow' as const, Action: [...actions], Resource: topic };
  const registration = { caller, documents: [{ Version: '2012-10-17' as const, Statement }] };
  const request = { action: 'iot:Publish', resources: [topic], alsoNeeds: ['iot:RetainPublish'] };
  return findRefusal(identity, registration, request)?.message;
}

describe('a call that needs two rights', () => {
  it('is permitted with both', () => {
    expect(refusalWith(['iot:Publish', 'iot:RetainPublish'])).toBeUndefined();
  });

  it.each([
    ['iot:RetainPublish', 'iot:Publish'],
    ['iot:Publish', 'iot:RetainPublish'],
  ])('is refused without %s', (missing, given) => {
    expect(refusalWith([given])).toContain(`perform: ${missing} on resource: ${topic}`);
  });
});
