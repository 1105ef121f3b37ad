import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { type RemovalPorts, removePolicy } from '../../../functions/provision/removal';
import { awsError } from '../../aws-error';
import { fakeTelemetry } from '../../fakes';

const account = 'arn:aws:iot:us-east-1:000000000000';
const groupArn = `${account}:thinggroup/cordon-quarantine`;
const certificate = (digit: string) => `${account}:cert/${digit.repeat(64)}`;

const anEvent = (over: Record<string, unknown> = {}) =>
  ({
    RequestType: 'Delete',
    StackId: 'stack',
    PhysicalResourceId: 'deny',
    ResourceType: 'Custom::QuarantineRemoval',
    ResourceProperties: { ServiceToken: 'token', PolicyName: 'deny', ThingGroupArn: groupArn },
    ...over,
  }) as unknown as CloudFormationCustomResourceEvent;

/** AWS IoT as it refuses a policy that is attached, has versions, or lost its last target less than five minutes ago. */
function anAccount({
  targets = [] as string[],
  versions = ['1'],
  letGo = '',
  spreadsInMs = 300_000,
  leavesGroupAt = 0,
} = {}) {
  let now = 0;
  let detachedAt = Number.NEGATIVE_INFINITY;
  let isThere = true;
  const left = new Set(targets);
  const kept = [...versions];
  const { log, lines } = fakeTelemetry();
  const requireThere = () => {
    if (!isThere) throw awsError('ResourceNotFoundException');
  };
  const ports: RemovalPorts = {
    log,
    letGoParameter: '/cordon-dev/delete-while-contained',
    readLetGo: async () => letGo,
    clock: () => now,
    wait: async (ms) => {
      now += ms;
    },
    policies: {
      async listTargets() {
        requireThere();
        return [...left, ...(now < leavesGroupAt ? [groupArn] : [])];
      },
      async detach(_policy, target) {
        now += 60;
        left.delete(target);
        detachedAt = now;
      },
      async listVersions() {
        requireThere();
        return kept.map((versionId, index) => ({ versionId, isDefault: index === kept.length - 1 }));
      },
      async deleteVersion(_policy, versionId) {
        kept.splice(kept.indexOf(versionId), 1);
      },
    },
    group: {
      async deletePolicy() {
        const isInUse = left.size > 0 || kept.length > 1 || now - detachedAt < spreadsInMs;
        if (!isInUse) isThere = false;
        return !isThere;
      },
    },
  };
  return {
    ports,
    lines,
    left,
    isThere: () => isThere,
    seconds: () => now / 1_000,
    remove: () => (isThere = false),
  };
}

const told = { letGo: 'stack' };

describe('the removal of the deny policy', () => {
  it('detaches it from every target when permitted, waits until AWS IoT confirms, and names the targets', async () => {
    const targets = [certificate('a'), certificate('b'), `${account}:thinggroup/earlier`];
    const iot = anAccount({ ...told, targets, versions: ['3', '4', '5'] });

    await expect(removePolicy(anEvent(), iot.ports)).resolves.toBe('deny');

    expect([...iot.left]).toEqual([]);
    expect(iot.isThere()).toBe(false);
    expect(iot.seconds()).toBeGreaterThanOrEqual(300);
    expect(iot.lines).toContainEqual({
      level: 'warn',
      message: 'detaching the deny policy',
      fields: { targets },
    });
  });

  it('refuses and changes nothing while a certificate has it and nobody permitted the removal', async () => {
    const iot = anAccount({ targets: ['a', 'b', 'c', 'd', 'e'].map(certificate) });

    await expect(removePolicy(anEvent(), iot.ports)).rejects.toThrow(
      `deny is still on certificate ${'a'.repeat(64)}, certificate ${'b'.repeat(64)}, certificate ${'c'.repeat(64)} and 2 others; release first, or store stack in the parameter /cordon-dev/delete-while-contained to abandon the containments; then delete the stack again`,
    );

    expect(iot.left.size).toBe(5);
  });

  it('stops before its function’s time ends, says how many targets remain, and continues on the next request', async () => {
    const targets = Array.from({ length: 20_000 }, (_, index) => `${account}:cert/${index}`);
    const iot = anAccount({ ...told, targets });

    await expect(removePolicy(anEvent(), iot.ports)).rejects.toThrow(
      'targets: delete the stack again to continue',
    );
    expect(iot.seconds()).toBeLessThan(800);
    const after = iot.left.size;
    await expect(removePolicy(anEvent(), iot.ports)).resolves.toBe('deny');

    expect(after).toBeGreaterThan(0);
    expect(iot.isThere()).toBe(false);
  });

  it('fails if AWS IoT never confirms the detachment', async () => {
    const iot = anAccount({ ...told, targets: [certificate('a')], spreadsInMs: Number.POSITIVE_INFINITY });

    await expect(removePolicy(anEvent(), iot.ports)).rejects.toThrow(
      'AWS IoT says that deny is still in use: delete the stack again in some minutes',
    );
  });

  it('leaves the policy alone while the quarantine group has it: an update that created this resource is rolled back', async () => {
    const iot = anAccount({ ...told, targets: [certificate('a')], leavesGroupAt: Number.POSITIVE_INFINITY });

    await expect(removePolicy(anEvent(), iot.ports)).rejects.toThrow(
      'deny is on its group, so the stack keeps it',
    );

    expect([...iot.left]).toEqual([certificate('a')]);
    expect(iot.isThere()).toBe(true);
  });

  it('waits for a list that still names the group just after the detachment', async () => {
    const iot = anAccount({ leavesGroupAt: 12_000 });

    await removePolicy(anEvent(), iot.ports);

    expect(iot.isThere()).toBe(false);
  });

  it('does nothing if the policy is gone or never existed', async () => {
    const iot = anAccount();
    iot.remove();

    await expect(removePolicy(anEvent(), iot.ports)).resolves.toBe('deny');
    await expect(removePolicy(anEvent({ ResourceProperties: {} }), iot.ports)).resolves.toBe('deny');
  });

  it.each(['Create', 'Update'])('changes nothing at %s', async (RequestType) => {
    const iot = anAccount({ targets: [certificate('a')], letGo: 'stack' });

    await expect(removePolicy(anEvent({ RequestType }), iot.ports)).resolves.toBe('deny');
    await expect(removePolicy(anEvent({ RequestType, ResourceProperties: {} }), iot.ports)).rejects.toThrow(
      'wrong properties: PolicyName',
    );

    expect(iot.left.size).toBe(1);
  });
});
