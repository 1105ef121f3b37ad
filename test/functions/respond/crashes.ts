import type { EngineOptions } from '../../../functions/respond/engine';
import type { Case } from '../../../shared/domain/case';
import type { Command } from '../../../shared/domain/command';
import { aWorld, type Hook, type World } from '../../fakes';
import { readPolicy } from '../../shared/mitigation/setting';
import { anEngine, caseOf, groupsOf, resume } from './story';

export type Side = 'before' | 'after';

/** Ends the invocation at the given calls, counted from 1: before the call, or once it took effect. */
function crashAt(points: ReadonlyMap<number, Side>): Hook {
  let count = 0;
  return async (_call, perform) => {
    count += 1;
    const side = points.get(count);
    if (side === 'before') throw new Error('crashed before the call');
    if (side === undefined) return perform();
    await perform().catch(() => undefined);
    throw new Error('crashed after the call');
  };
}

export interface Setting {
  readonly world?: () => World;
  readonly options?: Partial<EngineOptions>;
  readonly prepare: (world: World) => Promise<void>;
  readonly command: Command;
}

/** What a step tells depends on whether a former try of the same step had done it already. */
function normalize(detail: string | undefined): string | undefined {
  return detail
    ?.replace('was not connected', 'session of mything1 ended')
    .replace('is not in group', 'left group')
    .replace('was CANCELED', 'was QUEUED');
}

function endState(world: World): unknown {
  const { updatedAt: _updatedAt, dueAt, timelineHead: _head, ...record }: Case = caseOf(world);
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
  world.hook = crashAt(points);
  let deliveries = 0;
  for (let handled = false; !handled; deliveries += 1) {
    if (deliveries > points.size) throw new Error('the command is stuck');
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
