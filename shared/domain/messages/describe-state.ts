import { isDrill } from '../drill';
import { clip, isRegistryName } from '../text';
import { isThingName } from '../thing-ref';
import type { Announcement } from './announcement-schema';

/** What each kind of announcement tells, after the name of the thing. */
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
  ['released', 'released'],
  ['release-conflict', 'release needs a decision'],
  ['refused', 'command refused'],
  ['dismissed', 'dismissed'],
  ['digest', 'recorded, nothing done'],
  ['storm', 'many things at once'],
]);

/** Statuses that no kind is called like. */
const states = new Map([
  ['awaiting-approval', 'waits for approval'],
  ['releasing', 'being released'],
]);

/** Kinds that tell of something beside the state of the case. */
const besideState: ReadonlySet<string> = new Set([
  'new-violation',
  'new-certificate',
  'refused',
  'second-person',
]);

type Told = Pick<Announcement, 'thingName' | 'kind' | 'status' | 'violations' | 'title'>;

/** The state of the case, in a few words. */
export function describeState({ kind, status }: Pick<Announcement, 'kind' | 'status'>): string {
  const told = besideState.has(kind) ? status : kind;
  return states.get(told) ?? news.get(told) ?? told;
}

/** Device, what, state: the first line of all that people are told of a case. */
export function titleOf(told: Told): string {
  if (told.title !== undefined) return told.title;
  const [first, ...others] = told.violations;
  const what = first?.words?.split('; ', 1)[0] ?? first?.behavior.split('/').at(-1);
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `${nameThing(told)}: ${what ? `${clip(what, 60)}${more}: ` : ''}${describeState(told)}`;
}

/** Device and news: the first line of one step of a case. */
export function titleOfStep(step: Pick<Announcement, 'thingName' | 'kind'>): string {
  return `${nameThing(step)}: ${news.get(step.kind) ?? step.kind}`;
}

function nameThing({ thingName }: Pick<Announcement, 'thingName'>): string {
  return isDrill(thingName) ? `DRILL ${thingName}` : thingName;
}

/** Who decided what the case is in now: a person with their comment, or a playbook; undefined where it is nobody's doing. */
export function describeDecision({ decided, playbook }: Announcement): string | undefined {
  if (!decided) return playbook && `playbook ${playbook}`;
  const { command, actor, comment } = decided;
  return `${command} by ${actor}${comment ? `: ${comment}` : ''}`;
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

/** What to type next. Nothing where the names could not be typed as they are. */
export function listNextCommands({ status, thingName, caseId, commands }: Announcement): readonly string[] {
  if (commands) return commands;
  if (!isThingName(thingName) || !isRegistryName(caseId)) return [];
  return ['show', ...(acts.get(status) ?? [])].map((command) => `npx cordon ${command} ${thingName}`);
}

/** The page for what needs a person, as the alarms name theirs. */
export function findRunbook({ status, killSwitch }: Announcement): string | undefined {
  const hasPage = status === 'containment-failed' || status === 'release-conflict';
  const page = hasPage ? status : killSwitch && 'kill-switch';
  return page && `docs/runbooks/${page}.md`;
}

/** How severe it still is: what is over is not. */
export function describeSeverity({ status, severity }: Announcement): string | undefined {
  return status === 'closed' ? undefined : severity;
}
