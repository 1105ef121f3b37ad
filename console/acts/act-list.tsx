import type { PossibleAct } from '../../shared/api/case';
import { actWords } from '../words/acts';
import { describeSecondPerson, mayAct } from './second-person';

interface ActListProps {
  readonly acts: readonly PossibleAct[];
  readonly thingName: string;
  readonly onChoose: (act: PossibleAct) => void;
  /** Why the caller can do nothing. */
  readonly why: string | undefined;
}

/** What can be done now, each with what it does. */
export function ActList({ acts, thingName, onChoose, why }: ActListProps) {
  if (acts.length === 0) return <p class="quiet">{why ?? 'Nothing can be done with this case now.'}</p>;
  return (
    <ul class="acts" aria-label="What you can do now">
      {acts.map((act) => (
        <li key={act.action}>
          <button
            type="button"
            class={act.emphasis === 'recommended' ? 'primary' : act.emphasis === 'dangerous' ? 'danger' : ''}
            aria-keyshortcuts={actWords[act.action].key}
            disabled={!mayAct(act)}
            onClick={() => onChoose(act)}
          >
            {actWords[act.action].label}… <kbd>{actWords[act.action].key}</kbd>
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
