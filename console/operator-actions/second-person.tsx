import type { PossibleAction } from '../../shared/api/case';
import type { PersonRequest } from '../api/types';
import { writeAbsolute } from '../words/time';

/** An order that waits for a second person. */
export function RequestNotice({ request }: { readonly request: PersonRequest }) {
  const { action, actions, actor, force, mine, expires } = request;
  return (
    <p class="callout tone-warning">
      {mine ? 'You' : actor} asked to {action} it
      {actions && ` (${actions.join(', ')})`}
      {force && ' by force'}: a second person has to confirm until {writeAbsolute(expires)}.
    </p>
  );
}

export function mayAct({ secondPerson }: PossibleAction): boolean {
  return secondPerson?.state !== 'refused';
}

export function describeSecondPerson(second: NonNullable<PossibleAction['secondPerson']>): string {
  if (second.state === 'refused') return `You can’t: ${second.reason}.`;
  return second.state === 'needed' ? 'It needs a second person.' : 'Somebody else asked for it: you confirm.';
}
