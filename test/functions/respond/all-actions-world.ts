import { type ActionName, actionNames } from '../../../shared/domain/actions/registry';
import type { Playbook } from '../../../shared/domain/configuration';
import { aConfiguration, aPlaybook, certificateArn } from '../../builders';
import { denyDocument, withPolicies } from '../../shared/mitigation/setting';
import { aWorld, type World } from '../../world';

/** All actions except the one that Device Defender carries out, for its own violations only. */
export const allActions = actionNames.filter((action) => action !== 'detect-mitigation-task');

export const secondArn = certificateArn.replaceAll('a'.repeat(64), 'b'.repeat(64));

/** A world in which policies deny, with `device` as the policy of mything1's certificate; it is full if asked. */
export function aWorldWithPolicies({ full = false } = {}): World {
  const world = aWorld();
  world.policies.create('cordon-quarantine', [denyDocument]);
  world.policies.create('device', full ? ['one', 'two', 'three', 'four', 'five'] : ['one'], [certificateArn]);
  world.certificates.statuses.set('a'.repeat(64), 'ACTIVE');
  const { listPolicies, testPublish } = withPolicies(world.registered.things, world.policies);
  const watch =
    <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> => {
      world.calls.push(name);
      return world.hook(name, () => call(...args)) as Promise<R>;
    };
  const things = {
    ...world.ports.things,
    listPolicies: watch('things.listPolicies', listPolicies),
    testPublish: watch('things.testPublish', testPublish),
  };
  return Object.assign(world, { ports: { ...world.ports, things } });
}

export function withActions(actions: readonly ActionName[], over: Partial<Playbook> = {}) {
  return { configuration: aConfiguration({ playbooks: [aPlaybook({ actions: [...actions], ...over })] }) };
}
