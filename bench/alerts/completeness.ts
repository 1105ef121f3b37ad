import { type IoTClient, ListThingsInThingGroupCommand } from '@aws-sdk/client-iot';
import type { Case } from '../../shared/domain/case/case';
import { openViolations } from '../../shared/domain/case/violation-record';
import { groupBy } from '../../shared/domain/group-by';
import { describeReason } from '../../shared/domain/messages/describe-reason';
import { thingKey } from '../../shared/domain/thing-ref';
import type { connectTable } from '../../shared/storage/table';
import { inParallel } from './in-parallel';
import { isDeadEnd } from './queues';

/** The announcements on the topic, as far as this check reads them. */
export interface Told {
  readonly id: string;
  readonly kind: string;
  readonly thingName: string;
}

/** The state once a storm is over. */
export interface Outcome {
  /** Open and closed ones. */
  readonly cases: readonly Case[];
  /** The timeline of each case, by case id. */
  readonly timelines: ReadonlyMap<string, readonly string[]>;
  /** Things that the registry lists in the quarantine group, as often as it does. */
  readonly members: readonly string[];
  readonly announcements: readonly Told[];
  /** Each may have been cut off between an announcement and the note that it was made: it is made again. */
  readonly failedInvocations: number;
  /** Messages by queue. */
  readonly messages: Readonly<Record<string, number>>;
}

/** Behaviors in alarm by thing. */
export type Expected = ReadonlyMap<string, readonly string[]>;

/** Names everything that differs from a run without repeats, faults and load. */
export function findProblems(expected: Expected, outcome: Outcome): string[] {
  const { cases, members, announcements, failedInvocations, messages } = outcome;
  const repeated = findDoubles(announcements.map(({ id }) => id));
  const byThing = groupBy(cases, ({ thingName }) => thingName);
  const strangers = cases.filter(({ thingName }) => !expected.has(thingName));
  return [
    ...[...expected].flatMap(([thingName, behaviors]) =>
      findCaseProblems(byThing.get(thingKey(thingName)) ?? [], behaviors, outcome).map(
        (text) => `${thingName}: ${text}`,
      ),
    ),
    ...strangers.map(({ thingName }) => `${thingName}: has a case that nothing asked for`),
    ...findDoubles(members).map((thingName) => `${thingName}: twice in the quarantine group`),
    ...members.filter((name) => !expected.has(name)).map((name) => `${name}: quarantined for nothing`),
    ...repeated.slice(failedInvocations).map((id) => `the announcement ${id} was published twice`),
    ...Object.entries(messages)
      .filter(([, count]) => count > 0)
      .map(([queue, count]) => `${count} messages ${isDeadEnd(queue) ? 'ended' : 'still are'} in ${queue}`),
  ];
}

/** Each action's one application, and the containment it led to. */
const once = ['quarantine applied', 'disconnect applied', 'contained'];

function findCaseProblems(
  cases: readonly Case[],
  behaviors: readonly string[],
  { timelines, members, announcements }: Outcome,
): string[] {
  const [record] = cases;
  if (!record || cases.length > 1) return [`has ${cases.length} cases`];
  const { thingName, status, outbox, ledger } = record;
  const timeline = timelines.get(record.caseId) ?? [];
  const open = openViolations(record).map(({ behaviorName }) => behaviorName);
  const told = announcements.filter((one) => one.kind === 'contained' && one.thingName === thingName);
  const owed = outbox.announcements.length + outbox.timeline.length;
  return [
    ...(status === 'contained'
      ? []
      : [`is ${status}: ${record.reason ? describeReason(record.reason) : 'no reason'}`]),
    ...(owed === 0 ? [] : [`still owes ${owed} entries or announcements`]),
    ...behaviors.filter((name) => !open.includes(name)).map((name) => `the violation of ${name} was lost`),
    ...ledger
      .filter((entry) => entry.status !== 'verified')
      .map((entry) => `${entry.action} is ${entry.status}`),
    ...once
      .map((what) => ({ what, times: timeline.filter((entry) => entry === what).length }))
      .filter(({ times }) => times !== 1)
      .map(({ what, times }) => `its timeline says "${what}" ${times} times`),
    ...(members.includes(thingName) ? [] : ['is not in the quarantine group']),
    ...(new Set(told.map(({ id }) => id)).size === 1 ? [] : [`was told as contained ${told.length} times`]),
  ];
}

function findDoubles(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.size === seen.add(value).size);
}

/** Timelines read at once. */
const readAtOnce = 20;

/** Looks at the table and the registry. */
export async function readOutcome(
  iot: IoTClient,
  { history }: Pick<ReturnType<typeof connectTable>, 'history'>,
  thingGroupName: string,
): Promise<Pick<Outcome, 'cases' | 'timelines' | 'members'>> {
  const { cases } = await history.scanCases(0);
  const timelines = new Map<string, readonly string[]>();
  await inParallel(cases, readAtOnce, async ({ caseId }) => {
    const rows = await history.readTimeline(caseId);
    timelines.set(
      caseId,
      rows.flatMap(({ entries }) => entries.map(({ what }) => what)),
    );
  });
  return { cases, timelines, members: await listMembers(iot, thingGroupName) };
}

async function listMembers(iot: IoTClient, thingGroupName: string): Promise<string[]> {
  const members: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await iot.send(new ListThingsInThingGroupCommand({ thingGroupName, nextToken }));
    members.push(...(page.things ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return members;
}
