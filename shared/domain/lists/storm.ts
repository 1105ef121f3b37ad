import { listOffered } from '../decide/operator-actions';
import { isDrill } from '../drill';
import { isOfGroup } from '../findings/finding';
import type { Announcement } from '../messages/announcement-schema';
import { writeTime } from '../messages/describe-reason';
import { nameCheck } from '../messages/describe-value';
import type { Storm } from '../messages/storm';
import { clip, isRegistryName } from '../text';
import { findHighestSeverity } from './highest-severity';
import type { ListedCase } from './outline';

/** The cases of a storm, and the other open ones that a command on its behavior takes as well. */
export interface StormCases {
  readonly behavior: string;
  readonly own: readonly ListedCase[];
  readonly open: readonly ListedCase[];
}

/** In words, those that need somebody first. */
const words = [
  ['containment-failed', 'FAILED to be contained'],
  ['release-conflict', 'need a decision to be released'],
  ['awaiting-approval', 'wait for approval'],
  ['containing', 'are being contained'],
  ['releasing', 'are being released'],
  ['contained', 'contained'],
  ['observed', 'only recorded'],
  ['closed', 'closed'],
] as const;

/** While one of its cases is there, the storm is not over. */
const pending: ReadonlySet<string> = new Set(['awaiting-approval', 'containing', 'releasing']);

export function findStormCases(
  behavior: string,
  { id, since, lastAt }: Storm,
  listed: readonly ListedCase[],
): StormCases {
  const real = listed.filter(({ thingName }) => !isDrill(thingName));
  const isOf = ({ behaviors }: ListedCase) => behaviors.some((key) => isOfGroup(key, behavior));
  return {
    behavior,
    // The first cases had messages of their own, before their number made a storm.
    own: takeNewest(
      real.filter((one) =>
        one.storm === undefined
          ? one.openedAt >= since && one.openedAt <= lastAt && isOf(one)
          : one.storm === id,
      ),
    ),
    open: real.filter((one) => one.status !== 'closed' && isOf(one)),
  };
}

/** One case of each thing. */
function takeNewest(cases: readonly ListedCase[]): readonly ListedCase[] {
  const sorted = cases.toSorted((a, b) => a.openedAt - b.openedAt);
  return [...new Map(sorted.map((one) => [one.thingName, one])).values()];
}

/** `290 wait for approval, 10 contained` */
export function countStatuses(cases: readonly ListedCase[]): string {
  return words
    .flatMap(([status, what]) => {
      const count = cases.filter((one) => one.status === status).length;
      return count > 0
        ? [`${count} ${count === 1 ? what.replace(/^(wait|need)\b/, '$1s').replace(/^are\b/, 'is') : what}`]
        : [];
    })
    .join(', ');
}

/** Whether it is over. */
export function isCalm({ lastAt }: Storm, own: readonly ListedCase[], now: number, within: number): boolean {
  return now - lastAt >= within && !own.some(({ status }) => pending.has(status));
}

/** One message for all cases of a storm, with their present state; a later one replaces it. */
export function writeStorm(
  { id, since, lastAt, over }: Storm,
  cases: StormCases,
  now: number,
  consoleUrl: string,
): Announcement {
  const { behavior, own } = cases;
  const name = nameStorm(behavior);
  const severity = findHighestSeverity(own);
  const onlyRecorded = own.every(({ status }) => status === 'observed' || status === 'closed');
  const counts = countStatuses(own);
  return {
    ...{ version: 1, id: `${id}#${now}`, caseId: id, seq: now, at: now, kind: 'storm' },
    status: over ? 'closed' : onlyRecorded ? 'observed' : 'storm',
    severity,
    // No thing can have this name.
    thingName: '*',
    title: `storm of ${clip(name, 60)} since ${writeClock(since)}: ${over ? 'over: ' : ''}${counts}`,
    text: over
      ? `no further one since ${writeClock(lastAt)}; what changes from now on comes as messages of each thing`
      : 'one message for all of them; a containment that fails comes as a message of its thing',
    cases: countGroups(own),
    commands: listCommands(cases),
    ...(consoleUrl && { link: `${consoleUrl}?behavior=${encodeURIComponent(behavior)}` }),
    ...{ detector: 'cordon', violations: [], actions: [], evidence: [], enrichment: [] },
  };
}

/** `no-child-processes`, `findings of siem`, `audit findings (device certificate shared)` */
function nameStorm(behavior: string): string {
  const name = behavior.slice(behavior.indexOf('/') + 1);
  if (behavior.startsWith('external finding/')) return `findings of ${name}`;
  return behavior.startsWith('audit finding/') ? `audit findings (${nameCheck(name)})` : name;
}

const mostNamed = 5;

/** `12 wait for approval (the fleet limit is reached): a, b, c, d, e and 7 more` */
function countGroups(own: readonly ListedCase[]): string[] {
  return words.flatMap(([status]) => {
    const group = own.filter((one) => one.status === status).toSorted((a, b) => b.openedAt - a.openedAt);
    if (group.length === 0) return [];
    const named = group.slice(0, mostNamed).map(({ thingName }) => thingName);
    const more = group.length > mostNamed ? ` and ${group.length - mostNamed} more` : '';
    const why = [status === 'closed' ? undefined : findReason(group), findDecider(status, group)];
    const told = why.filter(Boolean).join('; ');
    return [clip(`${countStatuses(group)}${told && ` (${told})`}: ${named.join(', ')}${more}`, 900)];
  });
}

const mostActors = 3;

/** Who acted on the cases, else the playbook that contained all of them; undefined if neither applies. */
function findDecider(status: string, group: readonly ListedCase[]): string | undefined {
  const acts = group.flatMap(({ lastActor }) => lastActor ?? []);
  const actors = [...new Set(acts)];
  const some = acts.length < group.length ? `on ${acts.length} ` : '';
  const more = actors.length > mostActors ? ` and ${actors.length - mostActors} more` : '';
  if (actors.length > 0) return `last act ${some}by ${actors.slice(0, mostActors).join(', ')}${more}`;
  const [playbook, ...others] = new Set(group.map((one) => one.playbook));
  const isRuled = status === 'contained' || status === 'containing' || status === 'containment-failed';
  return isRuled && playbook && others.length === 0 ? `playbook ${playbook}` : undefined;
}

/** That of most cases. */
function findReason(group: readonly ListedCase[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { reason } of group) if (reason) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0];
}

/** `02:14 UTC` */
function writeClock(at: number): string {
  return `${writeTime(at).slice(0, 5)} UTC`;
}

/** The commands with the number of cases that each takes now. Empty if the behavior's name can't be typed as it is. */
function listCommands({ behavior, open }: StormCases): string[] {
  // The keys of other findings have a space; their sender or check has none.
  const typed = behavior.replace(/^\w+ finding\//, '');
  if (!typed.split('/').every((part) => isRegistryName(part))) return [];
  const acts = (['approve', 'release'] as const).flatMap((act) => {
    const count = open.filter(({ status }) => listOffered(status).includes(act)).length;
    return count > 0 ? [`npx cordon ${act} --all --behavior ${typed} --expect ${count}`] : [];
  });
  return [`npx cordon list --behavior ${typed}`, ...acts];
}
