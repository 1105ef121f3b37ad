import { isDrill } from '../drill';
import { clip, isRegistryName } from '../text';
import { isThingName } from '../thing-ref';
import type { Announcement } from './announcement-schema';
import { describeOrder, nameOrder } from './describe-action';
import { describeKillSwitch } from './describe-kill-switch';

/** The words of each kind of announcement, after the name of the thing. */
const news = new Map([
  ['observed', 'recorded, nothing done'],
  ['approval-needed', 'waits for approval'],
  ['second-person', 'waits for a second person'],
  ['containing', 'containment applied, not yet verified'],
  ['contained', 'contained'],
  ['containment-failed', 'CONTAINMENT FAILED'],
  ['new-violation', 'further violation'],
  ['rejected', 'containment rejected'],
  ['approval-expired', 'approval expired'],
  ['drift', 'quarantined without a case'],
  ['new-certificate', 'another certificate while held'],
  ['way-round-closed', 'way round closed'],
  ['released', 'released'],
  ['release-conflict', 'release needs a decision'],
  ['refused', 'command refused'],
  ['dismissed', 'dismissed'],
  ['digest', 'recorded, nothing done'],
  ['storm', 'many things at once'],
]);

/** Statuses whose name is not also a kind. */
const states = new Map([
  ['awaiting-approval', 'waits for approval'],
  ['releasing', 'being released'],
]);

/** Kinds about something beside the state of the case. */
const besideState: ReadonlySet<string> = new Set([
  'new-violation',
  'new-certificate',
  'way-round-closed',
  'refused',
  'second-person',
]);

type Told = Pick<
  Announcement,
  'thingName' | 'kind' | 'status' | 'violations' | 'title' | 'request' | 'reminder'
>;

/** The state of the case, in a few words. */
export function describeState({ kind, status }: Pick<Announcement, 'kind' | 'status'>): string {
  const told = besideState.has(kind) ? status : kind;
  return states.get(told) ?? news.get(told) ?? told;
}

/** The state, and what else a message says: for channels in which each message stands alone. */
export function describeMessage(told: Pick<Announcement, 'kind' | 'status' | 'reminder'>): string {
  const { kind, status, reminder } = told;
  const state = describeState(told);
  if (kind === 'second-person' && status === 'awaiting-approval') return news.get(kind) ?? state;
  const more = besideState.has(kind) ? news.get(kind) : reminder && `reminder ${reminder}`;
  return more ? `${state}, ${more}` : state;
}

/** Device, what, state: the first line of every message about a case. */
export function titleOf(told: Told, state = describeState(told)): string {
  if (told.title !== undefined) return told.title;
  const what = nameCause(told);
  return `${nameThing(told)}: ${what ? `${what}: ` : ''}${state}`;
}

/** Likewise if there is room for less. A long name is cut, so that the state is always there. */
export function titleWithin(told: Told, max: number): string {
  const { thingName, title } = told;
  const whole = titleOf(told);
  const over = whole.length - max;
  if (over <= 0 || title !== undefined) return clip(whole, max);
  const name = clip(thingName, Math.max(20, thingName.length - over));
  return clip(
    whole.replace(thingName, () => name),
    max,
  );
}

/** The first line of a message that stands alone. */
export function titleOfMessage(told: Told): string {
  return titleOf(told, describeMessage(told));
}

/** What happened, or else what a person asked for. */
function nameCause({ violations: [first, ...others], request }: Told): string | undefined {
  if (!first) return request && clip(`${nameOrder(request.action)} by ${request.actor}`, 60);
  const { words, kind, behavior } = first;
  // In brackets at the end, a finding has its severity and more.
  const short = kind ? words?.replace(/ \([^(]*$/, '') : words?.split('; ', 1)[0];
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `${clip(short || (behavior.split('/').at(-1) ?? ''), 60)}${more}`;
}

/** What was seen: in words with the name of the behavior. The words of other findings say which check or product it was. */
export function describeSeen({ words, behavior, kind }: Announcement['violations'][number]): string {
  return words ? (kind ? words : `${words} (${behavior})`) : behavior;
}

/** What held actions back, unless the text says it already. */
export function describeSwitch({ killSwitch, text }: Announcement): string | undefined {
  const seen = killSwitch && describeKillSwitch(killSwitch);
  return seen === undefined || text.includes(seen) ? undefined : seen;
}

/** Device and news: the first line of one step of a case. */
export function titleOfStep(step: Pick<Announcement, 'thingName' | 'kind'>): string {
  return `${nameThing(step)}: ${news.get(step.kind) ?? step.kind}`;
}

function nameThing({ thingName }: Pick<Announcement, 'thingName'>): string {
  return isDrill(thingName) ? `DRILL ${thingName}` : thingName;
}

/** Who decided the present state: a person with their comment, or a playbook; undefined if nobody did. */
export function describeDecision({ decided, playbook, status }: Announcement): string | undefined {
  if (!decided) {
    const rule = playbook && `playbook ${playbook}`;
    return rule && status === 'awaiting-approval' ? `nobody yet (${rule})` : rule;
  }
  const { command, actor, comment } = decided;
  return `${describeOrder(command)} by ${actor}${comment ? `: ${comment}` : ''}`;
}

/** Commands by status. A copy of what `operator-actions.ts` offers, which respond has no room for; a test compares them. */
const acts = new Map([
  ['observed', ['contain', 'dismiss']],
  ['awaiting-approval', ['approve', 'reject']],
  ['containing', ['release']],
  ['contained', ['release']],
  ['containment-failed', ['release']],
  ['release-conflict', ['release', 'dismiss']],
]);

/** The commands to type next; none if the names can't be typed as they are. */
export function listNextCommands(announcement: Announcement): readonly string[] {
  const { status, thingName, caseId, commands, request, reminder } = announcement;
  if (commands) return commands;
  if (!isThingName(thingName) || !isRegistryName(caseId)) return [];
  const offered = acts.get(status) ?? [];
  const asked = request && isOrder(request) ? request : undefined;
  const order = asked && (status === 'awaiting-approval' ? 'approve' : asked.action);
  // Somebody else gives the order that waits, or withdraws it.
  const all = new Set([
    ...['show', ...(reminder === undefined ? [] : ['assign'])],
    ...(order ? [order, 'reject'] : []),
    ...offered,
  ]);
  return [...all].map(
    (act) => `npx cordon ${act} ${thingName}${asked && act === order ? writeOptions(asked) : ''}`,
  );
}

type Request = NonNullable<Announcement['request']>;

function isOrder({ action, actions = [] }: Request): boolean {
  return [action, ...actions].every((word) => /^[a-z-]+$/.test(word));
}

function writeOptions({ force, actions }: Request): string {
  return `${force ? ' --force' : ''}${actions ? ` --actions ${actions.join(' ')}` : ''}`;
}

/** The page that says what to do, as the alarms name theirs; undefined for what is over. */
export function findRunbook({ status, killSwitch }: Announcement): string | undefined {
  if (status === 'containment-failed' || status === 'release-conflict') return `docs/runbooks/${status}.md`;
  if (killSwitch) return 'docs/runbooks/kill-switch.md';
  return status === 'closed' ? undefined : 'docs/operating.md#statuses';
}

/** The severity; undefined for a case that is over. */
export function describeSeverity({ status, severity }: Announcement): string | undefined {
  return status === 'closed' ? undefined : severity;
}
