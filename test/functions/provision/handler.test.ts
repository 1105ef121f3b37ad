import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { provision } from '../../../functions/provision/handler';
import { awsError } from '../../aws-error';
import { fakeTelemetry } from '../../fakes';

const groupArn = 'arn:aws:iot:us-east-1:000000000000:thinggroup/cordon-quarantine';

function anEvent(over: Record<string, unknown> = {}): CloudFormationCustomResourceEvent {
  return {
    RequestType: 'Create',
    ServiceToken: 'token',
    ResponseURL: 'https://cloudformation.example/answer',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'QuarantineAttachment',
    ResourceType: 'Custom::QuarantinePolicy',
    ResourceProperties: { ServiceToken: 'token', PolicyName: 'deny', ThingGroupArn: groupArn },
    ...over,
  } as CloudFormationCustomResourceEvent;
}

function setUp({ member, fault }: { member?: string; fault?: Error } = {}) {
  const attached = new Set<string>();
  const answers: unknown[] = [];
  const group = {
    async attach(policyName: string, arn: string) {
      if (fault) throw fault;
      attached.add(`${arn} ${policyName}`);
    },
    async detach(policyName: string, arn: string) {
      attached.delete(`${arn} ${policyName}`);
    },
    findMember: async () => member,
  };
  const answer = async (url: string, body: unknown) => {
    answers.push([url, body]);
  };
  return { attached, answers, group, run: provision({ group, answer, log: fakeTelemetry().log }) };
}

const identity = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'QuarantineAttachment' };
const answered = (body: object) => [['https://cloudformation.example/answer', { ...identity, ...body }]];
const id = `${groupArn}/deny`;

describe('provision', () => {
  it('puts the deny policy on the group and answers', async () => {
    const { run, attached, answers } = setUp();

    await run(anEvent());

    expect([...attached]).toEqual([`${groupArn} deny`]);
    expect(answers).toEqual(answered({ Status: 'SUCCESS', PhysicalResourceId: id }));
  });

  it('answers an update with the id of what is there now, so that CloudFormation deletes the old one', async () => {
    const { run, attached, answers } = setUp();
    const ResourceProperties = { ServiceToken: 'token', PolicyName: 'deny-2', ThingGroupArn: groupArn };

    await run(anEvent({ RequestType: 'Update', PhysicalResourceId: id, ResourceProperties }));

    expect([...attached]).toEqual([`${groupArn} deny-2`]);
    expect(answers).toEqual(answered({ Status: 'SUCCESS', PhysicalResourceId: `${groupArn}/deny-2` }));
  });

  it('takes the policy away on delete', async () => {
    const { run, attached, answers } = setUp();
    attached.add(`${groupArn} deny`);

    await run(anEvent({ RequestType: 'Delete', PhysicalResourceId: id }));

    expect([...attached]).toEqual([]);
    expect(answers).toEqual(answered({ Status: 'SUCCESS', PhysicalResourceId: id }));
  });

  it('refuses to delete while a thing is in the group, which would be released in silence', async () => {
    const { run, attached, answers } = setUp({ member: 'mything1' });
    attached.add(`${groupArn} deny`);

    await run(anEvent({ RequestType: 'Delete', PhysicalResourceId: id }));

    expect([...attached]).toEqual([`${groupArn} deny`]);
    expect(answers).toEqual(
      answered({
        Status: 'FAILED',
        Reason: 'mything1 is still in the quarantine group; release it before deleting',
        PhysicalResourceId: id,
      }),
    );
  });

  it('answers FAILED with a reason that CloudFormation can take', async () => {
    const { run, answers } = setUp({ fault: awsError('X', 'y'.repeat(5_000)) });

    await run(anEvent());

    expect(answers).toEqual(
      answered({
        Status: 'FAILED',
        Reason: `${'y'.repeat(999)}…`,
        PhysicalResourceId: 'request',
      }),
    );
  });

  it.each([
    [{}, 'PolicyName'],
    [{ PolicyName: 'deny', ThingGroupArn: 'arn:aws:s3:::bucket' }, 'ThingGroupArn'],
    [{ PolicyName: 'deny', ThingGroupArn: `${groupArn}/../x` }, 'ThingGroupArn'],
  ])('refuses the properties %j, and lets the rollback delete what never was', async (properties, field) => {
    const { run, attached, answers } = setUp();

    await run(anEvent({ ResourceProperties: properties }));
    await run(
      anEvent({ RequestType: 'Delete', PhysicalResourceId: 'request', ResourceProperties: properties }),
    );

    expect([...attached]).toEqual([]);
    expect(answers).toEqual([
      ...answered({
        Status: 'FAILED',
        Reason: `wrong properties: ${field}`,
        PhysicalResourceId: 'request',
      }),
      ...answered({ Status: 'SUCCESS', PhysicalResourceId: 'request' }),
    ]);
  });

  it('fails where the answer was lost, and never tells a done one as failed', async () => {
    const { group, attached } = setUp();
    const tried: unknown[] = [];
    const answer = async (_url: string, body: { Status: string }) => {
      tried.push(body.Status);
      throw new Error('no route');
    };

    await expect(provision({ group, answer, log: fakeTelemetry().log })(anEvent())).rejects.toThrow(
      'no route',
    );

    expect([...attached]).toHaveLength(1);
    expect(tried).toEqual(['SUCCESS']);
  });
});
