import { useState } from 'preact/hooks';
import { thingPath } from '../api/client';
import { writeNumber } from '../words/violation';
import type { Outcome } from './run';

const rows = [
  { name: 'Things contained', of: 'contained' },
  { name: 'Things asked about', of: 'asked' },
  { name: 'Things only recorded', of: 'observed' },
  { name: 'Containments', of: 'containments' },
  { name: 'Questions for approval', of: 'questions' },
  { name: 'Releases by time', of: 'releases' },
] as const;

const shownAtFirst = 50;

interface OutcomeProps {
  readonly outcome: Outcome;
  /** Whether the copy was edited after it. */
  readonly isOld: boolean;
}

/** What would have been different: in numbers, and thing by thing. */
export function OutcomePanel({ outcome, isOld }: OutcomeProps) {
  const { alerts, things, firstAt, lastAt, before, after, differences, assumptions } = outcome;
  const [isWhole, setIsWhole] = useState(false);
  if (alerts === 0)
    return (
      <p class="outcome" role="status">
        No case of the last seven days has an alarm of this time, so there is nothing to replay.
      </p>
    );
  const shown = isWhole ? differences : differences.slice(0, shownAtFirst);
  return (
    <div class={isOld ? 'outcome is-old' : 'outcome'}>
      <p class="story" role="status">
        {differences.length === 0
          ? 'No thing would be treated differently.'
          : `${writeNumber(differences.length)} of ${writeNumber(things)} ${things === 1 ? 'thing' : 'things'} would be treated differently.`}
      </p>
      <p class="quiet">
        {writeNumber(alerts)} alarms and their ends
        {firstAt !== undefined && lastAt !== undefined && (
          <>
            , {new Date(firstAt).toLocaleString('en-GB')} to {new Date(lastAt).toLocaleString('en-GB')}
          </>
        )}
        .{isOld && ' The copy has been edited since: replay again.'}
      </p>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">
              <span class="sr-only">What</span>
            </th>
            <th scope="col">As deployed</th>
            <th scope="col">Edited</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, of }) => (
            <tr key={of} class={before[of] === after[of] ? '' : 'differs'}>
              <th scope="row">{name}</th>
              <td>{writeNumber(before[of])}</td>
              <td>{writeNumber(after[of])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {differences.length > 0 && (
        <ul class="differences" aria-label="Things that would be treated differently">
          {shown.map((one) => (
            <li key={one.thingName}>
              <a class="code" href={`/console/cases/${thingPath(one.thingName)}`}>
                <bdi>{one.thingName}</bdi>
              </a>
              <dl>
                <div>
                  <dt>As deployed</dt>
                  <dd>{one.before}</dd>
                </div>
                <div>
                  <dt>Edited</dt>
                  <dd>{one.after}</dd>
                </div>
              </dl>
            </li>
          ))}
        </ul>
      )}
      {shown.length < differences.length && (
        <button type="button" onClick={() => setIsWhole(true)}>
          Show all {writeNumber(differences.length)}
        </button>
      )}
      <details>
        <summary>What this assumes</summary>
        <ul class="assumptions">
          {assumptions.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      </details>
    </div>
  );
}
