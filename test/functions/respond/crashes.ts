import type { ActionOptions } from '../../../functions/respond/perform';
import type { Command } from '../../../shared/domain/decide/command';
import { describeCase } from '../../../shared/domain/messages/describe-case';
import { readPolicy } from '../../shared/mitigation/setting';
import { aWorld, type Hook, type World } from '../../world';
import { anEngine, caseOf, groupsOf, resume } from './story';

export type Side = 'before' | 'after';

/**
 * Ends the invocation at the given calls, counted from 1: before the call, or once it took effect. No call of an
 * invocation that has ended does anything.
 */
function crashAt(points: ReadonlyMap<number, Side>) {
  let count = 0;
  let ended = false;
  const hook: Hook = async (_call, perform) => {
    if (ended) throw new Error('the invocation has ended');
    count += 1;
    const side = points.get(count);
    if (side === undefined) return perform();
    ended = true;
    if (side === 'after') await perform().catch(() => undefined);
    throw new Error(`crashed ${side} the call`);
  };
  const begin = (): void => {
    ended = false;
  };
  return { hook, begin };
}

export interface Setting {
  readonly world?: () => World;
  readonly options?: Partial<ActionOptions>;
  readonly prepare: (world: World) => Promise<void>;
  readonly command: Command;
}

/** The detail of a step depends on whether an earlier try of the same step had already taken effect. */
function normalize(detail: string | undefined): string | undefined {
  return detail
    ?.replace('was not connected', 'session of mything1 ended')
    .replace('is not in group', 'left group')
    .replace('was CANCELED', 'was QUEUED');
}

function endState(world: World): unknown {
  const { updatedAt: _updatedAt, dueAt, timelineHead: _head, ...record } = describeCase(caseOf(world));
  return {
    groups: groupsOf(world),
    sessions: [...world.live.sessions.keys()],
    policies: [...world.policies.stored.keys()].map((name) => readPolicy(world.policies, name)),
    certificates: Object.fromEntries(world.certificates.statuses),
    jobs: Object.fromEntries(world.jobs.statuses),
    tasks: Object.fromEntries(world.defender.tasks),
    falsePositives: [...new Set(world.defender.falsePositives)],
    case: {
      ...record,
      due: dueAt !== undefined,
      ledger: record.ledger.map(({ detail, attempts: _attempts, ...entry }) => ({
        ...entry,
        detail: normalize(detail),
      })),
    },
    // Repeats have the same id, so a receiver counts them once.
    told: [...new Set(world.told.map(({ id, kind, text }) => `${id} ${kind} ${text}`))].toSorted(),
    timeline: [...world.stored.timeline].map(([key, { entries, previousHash }]) => ({
      key,
      first: previousHash === '',
      entries: entries.map(({ detail, ...entry }) => ({ ...entry, detail: normalize(detail) })),
    })),
  };
}

/** Plays a setting with crashes; SQS delivers the command until it was handled. Tells how many calls it took. */
export async function play(setting: Setting, points: ReadonlyMap<number, Side> = new Map()) {
  const world = (setting.world ?? aWorld)();
  await setting.prepare(world);
  const engine = anEngine(world, { policyCacheMs: 1_000, ...setting.options });
  world.calls.length = 0;
  const crashing = crashAt(points);
  world.hook = crashing.hook;
  let deliveries = 0;
  for (let handled = false; !handled; deliveries += 1) {
    if (deliveries > points.size) throw new Error('the command is stuck');
    crashing.begin();
    handled = await engine(setting.command, { id: 'command' }).then(
      () => true,
      () => false,
    );
  }
  const calls = world.calls.length;
  world.hook = (_call, perform) => perform();
  // The sweep takes up what is due, in the undisturbed run as well.
  world.time.now = caseOf(world).dueAt ?? world.time.now;
  await engine(resume, { id: 'sweep' });
  return { world, calls, crashed: deliveries > 1, end: endState(world) };
}
