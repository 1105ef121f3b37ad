import type { CaseAnswer, OperatorAction, ViolationAnswer } from '../api/types';
import { shortenActor } from './actor';
import { actionWords } from './operator-actions';
import { writeDuration } from './time';

/** The story of a case in a few sentences: the violation, the thing, Cordon's actions, and who decided them. */
export function writeStory(record: CaseAnswer): string {
  return [writeCause(record), writeOutcome(record), writeDecision(record)].filter(Boolean).join(' ');
}

function writeDecision({ decided, playbook, status, ledger }: CaseAnswer): string {
  if (decided) {
    const { command, actor, comment } = decided;
    const what = Object.hasOwn(actionWords, command) ? actionWords[command as OperatorAction].sent : command;
    return `${what} by ${shortenActor(actor)}${comment ? `: “${comment}”` : '.'}`;
  }
  if (playbook === undefined || ledger.length === 0 || status === 'closed') return '';
  return `Playbook ${playbook} decided it.`;
}

function writeCause({ thingName, violations }: CaseAnswer): string {
  const [first] = [...violations].sort((one, other) => rank(one) - rank(other));
  if (!first) return `Somebody asked to contain ${thingName}.`;
  const more = violations.length - 1;
  const others =
    more === 0 ? '' : `, and ${more} more ${more === 1 ? 'behavior is' : 'behaviors are'} out of bounds`;
  return first.kind !== undefined || first.lastEventType === 'in-alarm'
    ? `${thingName}: ${first.words}${others}.`
    : `${thingName} was out of bounds. Now: ${first.words}${others}.`;
}

function rank({ lastEventType }: ViolationAnswer): number {
  return lastEventType === 'in-alarm' ? 0 : 1;
}

function writeOutcome(record: CaseAnswer): string {
  const { status, reason, containedAt, closedAt, alertToVerifiedMs } = record;
  const why = reason === undefined ? '' : ` Reason: ${reason}.`;
  const took = alertToVerifiedMs === undefined ? '' : `, ${writeDuration(alertToVerifiedMs)} after the alert`;
  switch (status) {
    case 'observed':
      return `Nothing was done.${why}`;
    case 'awaiting-approval':
      return `It is not contained: it waits for your approval.${why}`;
    case 'containing':
      return `It is being contained; the denial is not verified yet.${why.replace('applied, not verified yet: ', '')}`;
    case 'contained':
      return `It is contained${writeActions(record)}, and the denial is verified${took}.${why}`;
    case 'containment-failed':
      return `It could not be contained completely.${why}`;
    case 'releasing':
      return `It was contained${took}, and is being released.${why}`;
    case 'release-conflict':
      return `It was contained${took}. The release stopped before everything was restored.${why}`;
    case 'closed':
      return `${containedAt === undefined ? 'The case is closed' : 'It was contained and the case is closed'}${
        containedAt !== undefined && closedAt !== undefined
          ? `; it was held for ${writeDuration(closedAt - containedAt)}`
          : ''
      }.${why}`;
  }
}

/** The actions that hold the thing. */
function writeActions({ ledger }: CaseAnswer): string {
  const done = ledger.flatMap(({ action, status }) =>
    status === 'verified' || status === 'applied' ? action : [],
  );
  if (done.length === 0) return '';
  return ` by ${new Intl.ListFormat('en-GB').format(done)}`;
}
