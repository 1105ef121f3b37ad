import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import type { ActionName } from '../../../shared/domain/actions/registry';
import type { Case } from '../../../shared/domain/case/case';
import type { Command } from '../../../shared/domain/decide/command';
import { thingKey } from '../../../shared/domain/thing-ref';
import { hashRow } from '../../../shared/timeline';
import { awsError } from '../../aws-error';
import { certificateArn } from '../../builders';
import { readPolicy } from '../../shared/mitigation/setting';
import type { World } from '../../world';
import { aWorldWithPolicies, secondArn, withActions } from './all-actions-world';
import { alarm, anEngine, operator } from './story';

const things = ['mything1', 'mything2', 'mything3'] as const;
type Name = (typeof things)[number];

const deeds = [
  'release',
  'contain',
  'approve',
  'dismiss',
  'harden',
  'resume',
  'reconnected',
  'switch',
] as const;

interface Event {
  readonly thing: Name;
  readonly what: 'alarm' | 'clear' | (typeof deeds)[number];
  readonly behaviorName: string;
  /** The same message comes once more, after all others. */
  readonly isTwice: boolean;
  readonly afterMs: number;
}

/** A call of the history, counted from 1, that ends its invocation, or that AWS throttles or refuses. */
interface Fault {
  readonly call: number;
  readonly kind: 'killed before' | 'killed after' | 'throttled' | 'refused';
}

interface History {
  readonly actions: readonly ActionName[];
  readonly mode: 'enforce' | 'approve';
  readonly policyCacheMs: number;
  /** The events of one round are handled at the same time, those of one thing in order. */
  readonly rounds: readonly (readonly Event[])[];
  readonly faults: readonly Fault[];
}

const denials = [
  'quarantine',
  'deny-certificate',
  'replace-policy-version',
  'deactivate-certificate',
] as const;

const events: fc.Arbitrary<Event> = fc.record({
  thing: fc.constantFrom(...things),
  what: fc.constantFrom('alarm', 'alarm', 'alarm', 'clear', 'release', ...deeds),
  behaviorName: fc.constantFrom('one', 'two'),
  isTwice: fc.boolean(),
  afterMs: fc.constantFrom(0, 1, 500, 5_000, 120_000, 1_000_000),
});

const histories: fc.Arbitrary<History> = fc.record({
  actions: fc
    .tuple(fc.uniqueArray(fc.constantFrom(...denials), { minLength: 1 }), fc.boolean())
    .map(([chosen, cuts]): ActionName[] => (cuts ? [...chosen, 'disconnect', 'job'] : chosen)),
  mode: fc.constantFrom('enforce', 'enforce', 'approve'),
  policyCacheMs: fc.constantFrom(0, 1_000, 60_000),
  rounds: fc.array(fc.array(events, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 }),
  faults: fc.array(
    fc.record({
      call: fc.integer({ min: 1, max: 400 }),
      kind: fc.constantFrom('killed before', 'killed after', 'throttled', 'refused'),
    }),
    { maxLength: 8 },
  ),
});

/**
 * Calls that only a containment makes, or a release that holds an object again. If AWS refuses another call of a
 * release, a person is needed.
 */
const refusable = new Set(['policies.attach', 'policies.createVersion', 'things.addToGroup']);

const invocation = new AsyncLocalStorage<{ isEnded: boolean }>();

/** Lets the calls fall in the scheduler's order, some of them with a fault. */
function disturb(world: World, scheduler: fc.Scheduler, faults: readonly Fault[]) {
  let calls = 0;
  let isOver = false;
  world.hook = async (call, perform) => {
    await scheduler.schedule(Promise.resolve(), call);
    const own = invocation.getStore();
    if (own?.isEnded) throw new Error('the invocation has ended');
    calls += 1;
    const kind = isOver ? undefined : faults.find((one) => one.call === calls)?.kind;
    if (kind === undefined) return perform();
    if (kind === 'throttled') throw awsError('ThrottlingException');
    if (kind === 'refused') {
      if (refusable.has(call)) throw awsError('LimitExceededException');
      return perform();
    }
    if (own) own.isEnded = true;
    if (kind === 'killed after') await perform().catch(() => undefined);
    throw new Error('killed');
  };
  return {
    end: () => {
      isOver = true;
    },
  };
}

/** Takes commands as `respond` does: the queue delivers again what fails, each time to another invocation. */
function aMailbox(world: World, { actions, mode, policyCacheMs }: History) {
  const { configuration } = withActions(actions, { mode });
  const guards = { ...configuration.guards, maxThingsSharingPolicy: things.length };
  const engine = anEngine(world, { configuration: { ...configuration, guards }, policyCacheMs });
  return async (command: Command, id: string): Promise<void> => {
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      try {
        return await invocation.run({ isEnded: false }, () => engine(command, { id, attempt }));
      } catch {
        // Delivered again.
      }
    }
    throw new Error('the command is stuck');
  };
}

const recordOf = (world: World, thing: Name): Case | undefined => world.stored.items.get(thing)?.value;

/** All that a containment changes. */
function readObjects({ registered, policies, certificates, held }: World) {
  return {
    groups: things.map((thing) => [...registered.find(thing).groups].toSorted()),
    policies: ['cordon-quarantine', 'device'].map((name) => readPolicy(policies, name)),
    certificates: [...certificates.statuses],
    leases: [...held.rows.keys()],
  };
}

/** Whether the world is as an action of a contained thing left it. */
function isHeldBy(action: ActionName, thing: Name, { registered, policies, certificates }: World): boolean {
  const device = readPolicy(policies, 'device');
  switch (action) {
    case 'quarantine':
      return registered.find(thing).groups.has('cordon-quarantine');
    case 'deny-certificate':
      return registered
        .find(thing)
        .principals.every((arn) => readPolicy(policies, 'cordon-quarantine').targets.includes(arn));
    case 'replace-policy-version':
      return device.versions[device.defaultVersionId]?.includes('"deny"') === true;
    case 'deactivate-certificate':
      return registered
        .find(thing)
        .principals.every((arn) => certificates.statuses.get(arn.slice(arn.indexOf('/') + 1)) === 'INACTIVE');
    default:
      return true;
  }
}

/** What contained cases say of the world that is not so. */
function listLies(world: World): string[] {
  return things.flatMap((thing) => {
    const record = recordOf(world, thing);
    if (record?.status !== 'contained') return [];
    const inPlace = record.ledger.filter(({ status }) => status === 'verified' || status === 'applied');
    const lost = inPlace.filter(({ action }) => !isHeldBy(action, thing, world));
    const isDenied = denials.some((action) => isHeldBy(action, thing, world));
    return [
      ...lost.map(({ action, status }) => `${thing}: ${action} is ${status}, and does not hold`),
      ...(isDenied ? [] : [`${thing} is contained, and not denied`]),
    ];
  });
}

/** Cases that nothing will change by itself, and of which nobody was told. */
function listStuck(world: World): string[] {
  return things.flatMap((thing) => {
    const record = recordOf(world, thing);
    if (!record || ['observed', 'awaiting-approval', 'contained', 'closed'].includes(record.status))
      return [];
    const isTold = world.told.some(
      ({ caseId, status }) => caseId === record.caseId && status === record.status,
    );
    const isFailed = record.status === 'containment-failed' || record.status === 'release-conflict';
    return isFailed && isTold ? [] : [`${thing} is ${record.status}`];
  });
}

function listUnsent({ stored, told }: World): string[] {
  const kinds = (id: string) => told.flatMap(({ caseId, kind }) => (caseId === id ? [kind as string] : []));
  return [
    ...[...stored.items.values()].flatMap(({ value: { thingName, outbox } }) =>
      outbox.announcements.length + outbox.timeline.length > 0 ? [`the outbox of ${thingName}`] : [],
    ),
    ...[...stored.timeline.values()].flatMap(({ caseId, entries }) =>
      entries.flatMap(({ what }) =>
        (what === 'contained' || what === 'released') && !kinds(caseId).includes(what) ? [what] : [],
      ),
    ),
  ];
}

function listBrokenRows({ stored }: World): string[] {
  const heads = new Map<string, string>();
  return [...stored.timeline.entries()]
    .toSorted(([one], [other]) => (one.slice(-6) < other.slice(-6) ? -1 : 1))
    .flatMap(([key, { hash, ...row }]) => {
      const isNext = row.previousHash === (heads.get(row.caseId) ?? '') && hashRow(row) === hash;
      heads.set(row.caseId, hash);
      return isNext ? [] : [key];
    });
}

/** Plays a history; `count` numbers what was sent. */
async function play(scheduler: fc.Scheduler, history: History): Promise<void> {
  const world = aWorldWithPolicies();
  world.registered.register('mything2', { principals: [certificateArn, secondArn] });
  world.registered.register('mything3', { principals: [secondArn] });
  world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');
  world.policies.stored.get('device')?.targets.add(secondArn);
  world.live.sessions.set('mything3', world.time.now - 60_000);
  world.live.sessions.set('mything2', world.time.now - 60_000);
  const before = readObjects(world);
  const faults = disturb(world, scheduler, history.faults);
  const deliver = aMailbox(world, history);
  let count = 0;
  const send = (command: Command) => {
    count += 1;
    return deliver(command, `message-${count}`);
  };

  function commandOf({ thing, what, behaviorName }: Event): Command {
    const { now } = world.time;
    const key = thingKey(thing);
    switch (what) {
      case 'alarm':
      case 'clear': {
        const violationId = `${thing}-${behaviorName}-${now}`;
        const eventType = what === 'alarm' ? 'in-alarm' : 'alarm-cleared';
        return alarm({ thingName: thing, behaviorName, violationId, eventType, occurredAt: now });
      }
      case 'reconnected':
        world.live.sessions.set(thing, now);
        return { type: what, thingName: key, clientId: thing, connectedAt: now, version: now };
      case 'harden':
        return {
          ...{ type: what, thingName: key, actor: 'ada', comment: 'checked' },
          actions: ['deactivate-certificate'],
        };
      case 'switch':
        world.killSwitch = { state: world.killSwitch.state === 'off' ? 'on' : 'off' };
        return { type: 'resume', thingName: key };
      case 'resume':
        return { type: what, thingName: key };
      default:
        return operator(what, thing);
    }
  }

  const handle = (messages: readonly { readonly thing: Name; readonly command: Command }[]) =>
    scheduler.waitFor(
      Promise.all(
        things.map(async (name) => {
          for (const { thing, command } of messages) {
            // Whoever dismisses a release that stopped leaves what it has not restored.
            const isLeft = command.type === 'dismiss' && recordOf(world, name)?.status === 'release-conflict';
            if (thing === name && !isLeft) await send(command);
          }
        }),
      ),
    );

  /** As long as something is due, or so often. */
  async function sweep(): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      const dues = things.flatMap((thing) => recordOf(world, thing)?.dueAt ?? []);
      world.time.now = Math.max(world.time.now, Math.min(...dues, Number.MAX_SAFE_INTEGER));
      const due = things.filter((thing) => (recordOf(world, thing)?.dueAt ?? Infinity) <= world.time.now);
      if (due.length === 0) return;
      await handle(due.map((thing) => ({ thing, command: { type: 'resume', thingName: thingKey(thing) } })));
    }
  }

  const again: { readonly thing: Name; readonly command: Command }[] = [];
  for (const round of history.rounds) {
    const messages = round.map((event) => {
      world.time.now += event.afterMs;
      return { thing: event.thing, command: commandOf(event), isTwice: event.isTwice };
    });
    again.push(...messages.filter(({ isTwice }) => isTwice));
    await handle(messages);
    expect(listLies(world)).toEqual([]);
  }
  await handle(again);
  expect(listLies(world)).toEqual([]);

  faults.end();
  world.killSwitch = { state: 'off' };
  await sweep();
  expect([...listLies(world), ...listStuck(world)]).toEqual([]);

  const open = things.flatMap((thing) => {
    const { status = 'closed' } = recordOf(world, thing) ?? {};
    const isHeld = status !== 'observed' && status !== 'awaiting-approval';
    return status === 'closed' ? [] : [{ thing, command: operator(isHeld ? 'release' : 'dismiss', thing) }];
  });
  await handle(open);
  await sweep();
  expect(readObjects(world)).toEqual(before);
  expect(things.filter((thing) => (recordOf(world, thing)?.status ?? 'closed') !== 'closed')).toEqual([]);
  expect([...listUnsent(world), ...listBrokenRows(world)]).toEqual([]);
}

it('things that share certificates and a policy are denied while contained, and then as they were before', async () => {
  await fc.assert(fc.asyncProperty(fc.scheduler(), histories, play), {
    numRuns: 60,
  });
}, 600_000);
