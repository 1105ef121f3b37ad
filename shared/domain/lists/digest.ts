import type { Announcement } from '../messages/announcement-schema';
import { nameCheck } from '../messages/describe-value';
import { clip, isRegistryName } from '../text';
import { writeDuration } from '../words';
import { findHighestSeverity } from './highest-severity';
import type { ListedCase } from './outline';

/** The span in which the cases of one digest were recorded; the later time is within it, the earlier not. */
export interface DigestSpan {
  readonly seq: number;
  readonly from: number;
  readonly to: number;
}

/** Some by name, the others by number. */
const mostListed = 20;

/** One message for the cases that were recorded within a time, with their present state. */
export function writeDigest(
  cases: readonly ListedCase[],
  { seq, from, to }: DigestSpan,
  consoleUrl: string | undefined,
): Announcement {
  const caseId = `digest-${to}`;
  const severity = findHighestSeverity(cases);
  const one = cases.length === 1;
  const minutes = Math.max(1, Math.round((to - from) / 60_000));
  return {
    ...{ version: 1, id: `${caseId}#${seq}`, caseId, seq, at: to, kind: 'digest', status: 'observed' },
    severity,
    // No thing can have this name.
    thingName: '*',
    title: `${cases.length} ${one ? 'case' : 'cases'} recorded, nothing done`,
    text: `within ${writeDuration(minutes * 60_000)}: ${countBehaviors(cases)}`,
    cases: listGroups(cases),
    commands: [
      `npx cordon list --status observed --since ${Math.max(24, Math.ceil(minutes / 60))}h`,
      ...cases
        .slice(0, 1)
        .flatMap(({ thingName }) => (isRegistryName(thingName) ? [`npx cordon show ${thingName}`] : [])),
    ],
    ...(consoleUrl && { link: consoleUrl }),
    ...{ detector: 'cordon', violations: [], actions: [], evidence: [], enrichment: [] },
  };
}

/** `net/ports (playbook anything-else only observes): sensor-1, sensor-2`, the most frequent first; twenty by name in all. */
function listGroups(cases: readonly ListedCase[]): string[] {
  const groups = new Map<string, string[]>();
  for (const listed of cases) {
    const about = describeAbout(listed);
    groups.set(about, [...(groups.get(about) ?? []), listed.thingName]);
  }
  const sorted = [...groups].toSorted(([, one], [, other]) => other.length - one.length);
  let room = mostListed;
  let untold = 0;
  const lines = sorted.flatMap(([about, names]) => {
    const named = names.slice(0, room);
    room -= named.length;
    const more = names.length - named.length;
    if (named.length > 0) return [`${about}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
    untold += more;
    return [];
  });
  return [...lines, ...(untold > 0 ? [`and ${untold} more`] : [])];
}

/** The behaviors seen on a thing, and the reason why Cordon did nothing. */
function describeAbout({ behaviors, moreBehaviors = 0, status, reason }: ListedCase): string {
  const what = `${behaviors.map((key) => nameBehavior(key)).join(', ')}${moreBehaviors > 0 ? ` and ${moreBehaviors} more` : ''}`;
  const ended = status === 'closed' ? ', closed by now' : '';
  return clip(`${what || 'no behavior'}${ended}${reason ? ` (${reason})` : ''}`, 300);
}

/** A behavior as cordon.yml names it, `findings of siem`, `audit findings (device certificate shared)`. */
function nameBehavior(key: string, count = 1): string {
  const [, kind, name = ''] = finding.exec(key) ?? [];
  const findings = count === 1 ? 'finding' : 'findings';
  if (kind === 'external') return `${findings} of ${name}`;
  return kind === 'audit' ? `audit ${findings} (${nameCheck(name)})` : key;
}

/** The rest of such a key says what the finding is about. */
const finding = /^(external|audit) finding\/([^/]+)/;

/** `10 myapp/no-child, 2 net/ports`, the most frequent first. */
function countBehaviors(cases: readonly ListedCase[]): string {
  const counts = new Map<string, number>();
  // Keys of findings differ by what each is about.
  const groups = cases.flatMap(({ behaviors }) => behaviors.map((key) => finding.exec(key)?.[0] ?? key));
  for (const behavior of groups) counts.set(behavior, (counts.get(behavior) ?? 0) + 1);
  const sorted = [...counts].toSorted(([, one], [, other]) => other - one);
  const more = sorted.length > 5 ? `, and ${sorted.length - 5} other behaviors` : '';
  return clip(
    `${sorted
      .slice(0, 5)
      .map(([name, count]) => `${count} ${nameBehavior(name, count)}`)
      .join(', ')}${more}`,
    500,
  );
}
