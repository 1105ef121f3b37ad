import type { PossibleAction } from '../../shared/api/case';
import { actionWords } from '../words/operator-actions';
import { describeSecondPerson, mayAct } from './second-person';

interface ActionListProps {
  readonly acts: readonly PossibleAction[];
  readonly thingName: string;
  readonly onChoose: (act: PossibleAction) => void;
  /** Why the caller can do nothing. */
  readonly why: string | undefined;
}

/** The operator actions that are possible now, each with its consequence. */
export function ActionList({ acts, thingName, onChoose, why }: ActionListProps) {
  if (acts.length === 0) return <p class="quiet">{why ?? 'Nothing can be done with this case now.'}</p>;
  return (
    <ul class="acts" aria-label="What you can do now">
      {acts.map((act) => (
        <li key={act.action}>
          <button
            type="button"
            class={act.emphasis === 'recommended' ? 'primary' : act.emphasis === 'dangerous' ? 'danger' : ''}
            aria-keyshortcuts={actionWords[act.action].key}
            disabled={!mayAct(act)}
            onClick={() => onChoose(act)}
          >
            {actionWords[act.action].label}… <kbd>{actionWords[act.action].key}</kbd>
          </button>
          <span>
            {thingName} {act.consequence}
            {act.secondPerson && <b> {describeSecondPerson(act.secondPerson)}</b>}
          </span>
        </li>
      ))}
    </ul>
  );
}
