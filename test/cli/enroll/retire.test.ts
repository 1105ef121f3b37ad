import type { DeviceRegistry } from '../../../cli/enroll/registry';
import { retire } from '../../../cli/enroll/retire';

const prefix = 'arn:aws:iot:eu-west-1:123456789012';
const own = `${prefix}:cert/${'a'.repeat(64)}`;
const foreign = `${prefix}:cert/${'b'.repeat(64)}`;
const group = `${prefix}:thinggroup/line-1`;
const policy = 'cordon-dev-device-mything1';

/** A registry with one thing, whose certificate has its own policy; `holders` have that too. */
function aRegistry(holders: readonly string[], comesMeanwhile: readonly string[] = []) {
  const targets = new Set([own, ...holders]);
  const done: string[] = [];
  const registry = {
    findThing: async () => `${prefix}:thing/mything1`,
    listPrincipals: async () => [own],
    listThingsOfPrincipal: async () => ['mything1'],
    listPolicies: async () => [policy],
    findTargets: async (name: string) => (name === policy ? [...targets] : undefined),
    setStatus: async () => {},
    detachPolicy: async () => void targets.delete(own),
    ensurePolicy: async () => {},
    attachPolicy: async () => {},
    detachThing: async () => {},
    cutSession: async () => true,
    deleteCertificate: async () => {
      for (const arn of comesMeanwhile) targets.add(arn);
    },
    deleteUnusedPolicy: async (name: string) => {
      const isUnused = name === policy && targets.size === 0;
      if (isUnused) done.push(`deleted ${name}`);
      return isUnused;
    },
    deleteThing: async () => void done.push('deleted the thing'),
  } as unknown as DeviceRegistry;
  const run = async (dryRun = false) =>
    (
      await retire(
        'mything1',
        { dryRun, force: false },
        { stage: 'dev', registry, cases: { load: async () => undefined } },
      )
    ).split('\n');
  return { run, done };
}

describe('the policy of a thing that is retired', () => {
  it('is deleted with it', async () => {
    const { run, done } = aRegistry([]);

    expect(await run()).toContain(`delete policy ${policy}, if there is one`);
    expect(done).toEqual([`deleted ${policy}`, 'deleted the thing']);
  });

  it('is left to whom else it is attached to, which is said before and after', async () => {
    const { run, done } = aRegistry([foreign, group]);
    const left = `leave policy ${policy}, which is attached to certificate bbbbbbbbbbbb…, thinggroup/line-1`;

    expect(await run(true)).toContain(`would ${left}`);
    expect(await run()).toContain(left);
    expect(done).toEqual(['deleted the thing']);
  });

  it('is left, and that is said, where it was attached elsewhere in the meantime', async () => {
    const { run } = aRegistry([], [group]);

    expect(await run()).toContain(`leave policy ${policy}, which is attached to thinggroup/line-1`);
  });
});
