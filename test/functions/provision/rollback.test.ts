import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { provision } from '../../../functions/provision/handler';
import { fakeTelemetry } from '../../fakes';

const noPolicies = {
  listTargets: async () => [],
  detach: async () => {},
  listVersions: async () => [],
  deleteVersion: async () => {},
};
const aGroup = (name: string) => `arn:aws:iot:us-east-1:000000000000:thinggroup/${name}`;
type Properties = Readonly<Record<string, unknown>>;

/**
 * What CloudFormation sends for one resource: in an update it says old and new properties, and deletes what then has
 * another id in its clean-up; a rollback is an update the other way round, from the id that the update gave.
 */
function aStack(ResourceType: string, created: Properties) {
  const attached = new Set<string>();
  const members = new Map<string, string>();
  const group = {
    attach: async (policyName: string, arn: string) => void attached.add(`${arn} ${policyName}`),
    detach: async (policyName: string, arn: string) => void attached.delete(`${arn} ${policyName}`),
    findMember: async (arn: string) => members.get(arn),
    listMembers: async function* () {},
    deletePolicy: async () => true,
  };
  let last = { Status: '', PhysicalResourceId: '' };
  const run = provision({
    group,
    current: { policyName: 'deny', thingGroup: 'current' },
    listByStatus: async () => [],
    policies: noPolicies,
    clock: Date.now,
    wait: async () => {},
    letGoParameter: '/cordon-dev/delete-while-contained',
    readLetGo: async () => undefined,
    log: fakeTelemetry().log,
    answer: async (_url, body) => {
      last = body;
    },
  });
  const send = async (RequestType: string, ResourceProperties: Properties, more: Properties = {}) => {
    const event = {
      ServiceToken: 'token',
      ResponseURL: 'https://cloudformation.example/answer',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Resource',
    };
    await run({
      ...event,
      RequestType,
      ResourceType,
      ResourceProperties,
      ...more,
    } as unknown as CloudFormationCustomResourceEvent);
    return last;
  };

  let properties = created;
  let id = '';
  const change = async (next: Properties) => {
    const before = { properties, id };
    const answer = await send('Update', next, {
      OldResourceProperties: before.properties,
      PhysicalResourceId: before.id,
    });
    if (answer.Status === 'SUCCESS') id = answer.PhysicalResourceId;
    properties = next;
    return { answer, before };
  };
  const cleanUp = async (left: { properties: Properties; id: string }) =>
    left.id === id
      ? undefined
      : (await send('Delete', left.properties, { PhysicalResourceId: left.id })).Status;

  return {
    attached,
    members,
    create: async () => {
      id = (await send('Create', created)).PhysicalResourceId;
    },
    id: () => id,
    /** An update that succeeds. */
    update: async (next: Properties) => {
      const { answer, before } = await change(next);
      return [answer.Status, await cleanUp(before)];
    },
    /** An update of this resource, then a fault in another, and the way back. */
    updateInVain: async (next: Properties) => {
      const { answer, before } = await change(next);
      const failed = { properties, id };
      const { answer: back } = await change(before.properties);
      return [answer.Status, back.Status, await cleanUp(failed)];
    },
  };
}

describe('a rolled back update of the stack', () => {
  const before = { PolicyName: 'deny', ThingGroupArn: aGroup('before') };
  const after = { PolicyName: 'deny', ThingGroupArn: aGroup('after') };

  it('leaves the deny policy on its former group, and on no other', async () => {
    const stack = aStack('Custom::QuarantineAttachment', before);
    await stack.create();
    const id = stack.id();

    expect(await stack.updateInVain(after)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);

    expect([...stack.attached]).toEqual([`${aGroup('before')} deny`]);
    expect(stack.id()).toBe(id);
  });

  it('leaves the group alone if the update did, even while a thing is in it', async () => {
    const stack = aStack('Custom::QuarantineAttachment', before);
    await stack.create();
    stack.members.set(aGroup('before'), 'mything1');

    expect(await stack.updateInVain(before)).toEqual(['SUCCESS', 'SUCCESS', undefined]);

    expect([...stack.attached]).toEqual([`${aGroup('before')} deny`]);
  });

  it('keeps the deny policy on the new group as well, if a thing was contained in the meantime', async () => {
    const stack = aStack('Custom::QuarantineAttachment', before);
    await stack.create();
    stack.members.set(aGroup('after'), 'mything1');

    expect(await stack.updateInVain(after)).toEqual(['SUCCESS', 'SUCCESS', 'FAILED']);

    expect([...stack.attached].toSorted()).toEqual([`${aGroup('after')} deny`, `${aGroup('before')} deny`]);
  });

  it('moves the deny policy if the update succeeds', async () => {
    const stack = aStack('Custom::QuarantineAttachment', before);
    await stack.create();

    expect(await stack.update(after)).toEqual(['SUCCESS', 'SUCCESS']);

    expect([...stack.attached]).toEqual([`${aGroup('after')} deny`]);
  });

  it('is never refused by the deletion guard that refused the update', async () => {
    const stack = aStack('Custom::DeletionGuard', { ThingGroupArn: aGroup('before') });
    await stack.create();
    stack.members.set(aGroup('before'), 'mything1');

    expect(await stack.updateInVain({ ThingGroupArn: aGroup('after') })).toEqual([
      'FAILED',
      'SUCCESS',
      undefined,
    ]);
  });
});
