import { sweep } from '../../../functions/sweep/handler';
import type { Quarantine } from '../../../functions/sweep/repair-quarantine';
import type { QuarantinePart } from '../../../shared/aws/quarantine-watch';
import type { Case } from '../../../shared/domain/case/case';
import type { Violation } from '../../../shared/domain/findings/violation';
import type { KillSwitch } from '../../../shared/domain/guards/kill-switch';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { FleetSize } from '../../../shared/ports/storage';
import { awsError } from '../../aws-error';
import { changedBy, now } from '../../builders';
import { fakeQueue, fakeTelemetry } from '../../fakes';

/** Drift and lost alerts are looked for every fifth minute. */
export const fifthMinute = now - (now % 300_000);

const never = () => Promise.reject(new Error('there is no digest'));

interface Registry {
  at: number;
  /** How many pages the registry's list has, of ten things each. */
  readonly pages: number;
  readonly pageMs: number;
  refusesToken: boolean;
  readonly countedFrom: (string | undefined)[];
  readonly killSwitch: KillSwitch;
  mailed: readonly string[];
  missing: Awaited<ReturnType<Quarantine['findMissing']>>;
  /** What AWS refuses to have put back. */
  unrepairable: QuarantinePart | undefined;
  readonly retries: readonly string[];
  /** The alerts topic accepts nothing. */
  readonly silenced: boolean;
  /** Commands in the queue. */
  waiting: number;
  /** The index can't be read for them. */
  readonly unreadable: boolean;
  readonly routine: readonly string[];
  readonly members: readonly string[];
  readonly active: readonly Violation[];
  readonly stored: Readonly<Record<string, { value: Case; version: number }>>;
  /** Somebody looks at a case. */
  looked: () => void;
}

export function setUp(due: readonly string[], refused: readonly string[] = [], over: Partial<Registry> = {}) {
  const world: Registry = {
    at: now,
    pages: 4,
    pageMs: 0,
    refusesToken: false,
    countedFrom: [],
    killSwitch: { state: 'off' },
    mailed: ['soc@example.com'],
    missing: [],
    unrepairable: undefined,
    retries: [],
    unreadable: false,
    silenced: false,
    waiting: 0,
    routine: [],
    members: [],
    active: [],
    stored: {},
    looked: () => undefined,
    ...over,
  };
  const { sent, commands } = fakeQueue();
  const sentAt: number[] = [];
  const beats: string[] = [];
  const { counts, lines, log, metrics } = fakeTelemetry();
  const asked: unknown[] = [];
  const fleet: { size: FleetSize | undefined } = { size: undefined };
  const run = sweep({
    cases: {
      async listDue(at, limit) {
        asked.push([at, limit]);
        return due.slice(0, limit).map((name) => thingKey(name));
      },
      async listRetries(_, limit) {
        if (world.unreadable) throw awsError('ProvisionedThroughputExceededException');
        return world.retries.slice(0, limit).map((name) => thingKey(name));
      },
      listRoutine: async (_, limit) => world.routine.slice(0, limit).map((name) => thingKey(name)),
      async load(thingName) {
        world.looked();
        return world.stored[thingName];
      },
    },
    fleetLimit: {
      readSize: async () => fleet.size,
      async saveSize(size) {
        fleet.size = size;
      },
    },
    killSwitch: async () => world.killSwitch,
    countWaiting: async () => world.waiting,
    quarantine: {
      findMissing: async () => [...world.missing],
      repair: async (part) => {
        if (world.unrepairable === part) throw awsError('VersionsLimitExceededException');
        world.missing = world.missing.filter((one) => one !== part);
      },
    },
    email: {
      addresses: ['soc@example.com'],
      mailed: {
        announcements: async () => new Set(world.mailed),
        alarms: async () => new Set(world.mailed),
      },
    },
    alerts: {
      async publish(alert) {
        if (world.silenced) throw awsError('AuthorizationError');
        beats.push(alert);
      },
    },
    digest: {
      everyMs: undefined,
      digests: { load: never, save: never, list: never },
      announcer: { publish: never },
      routes: undefined,
      consoleUrl: '',
    },
    storms: { limit: undefined, storms: { list: never, save: never, listCases: never } },
    listMembers: async function* () {
      yield* world.members;
    },
    listActive: async function* () {
      yield* world.active;
    },
    async *countThings(from) {
      world.countedFrom.push(from);
      const first = Number(from ?? 0);
      if (world.refusesToken && from !== undefined) throw awsError('InvalidRequestException');
      for (let page = first; page < world.pages; page += 1) {
        world.at += world.pageMs;
        yield { things: 10, ...(page + 1 < world.pages && { next: String(page + 1) }) };
      }
    },
    commands: {
      async send(command, id) {
        if (refused.includes(command.thingName)) throw awsError('Throttled');
        sentAt.push(Date.now());
        await commands.send(command, id);
      },
    },
    log,
    metrics,
    clock: () => world.at,
  });
  return { run, sent, sentAt, beats, counts, lines, asked, fleet, world };
}

export const openCase = (violation: Violation) => {
  const thingName = thingKey(violation.thingName);
  return { value: changedBy(undefined, { type: 'violation', thingName, violation }), version: 1 };
};
