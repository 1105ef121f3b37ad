import { useState } from 'preact/hooks';
import { thingPath } from '../api/client';
import { writeNumber } from '../words/violation';
import type { Difference, Outcome } from './run';

const rows = [
  { name: 'Things contained', of: 'contained' },
  { name: 'Things asked about', of: 'asked' },
  { name: 'Things only recorded', of: 'observed' },
  { name: 'Containments', of: 'containments' },
  { name: 'Questions for approval', of: 'questions' },
  { name: 'Releases by time', of: 'releases' },
] as const;

const shownAtFirst = 10;

interface OutcomeProps {
  readonly outcome: Outcome;
  /** Whether the copy was edited after it. */
  readonly isOld: boolean;
}

/** The differences of a replay, in numbers and for each thing. */
export function OutcomePanel({ outcome, isOld }: OutcomeProps) {
  const { alerts, things, firstAt, lastAt, before, after, differences, assumptions, rejected } = outcome;
  if (alerts === 0)
    return (
      <div class="outcome">
        <p role="status">
          No case of the last seven days has an alarm of this time, so there is nothing to replay.
        </p>
        <Rejected rejected={rejected} />
      </div>
    );
  const different = differences.reduce((sum, { things: alike }) => sum + alike.length, 0);
  return (
    <div class={isOld ? 'outcome is-old' : 'outcome'}>
      <p class="story" role="status">
        {differences.length === 0
          ? 'No thing would be treated differently.'
          : `${writeNumber(different)} of ${writeNumber(things)} ${things === 1 ? 'thing' : 'things'} would be treated differently.`}
      </p>
      <p class="quiet">
        {writeNumber(alerts)} {alerts === 1 ? 'event' : 'events'} of alarms
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
          {differences.map((one) => (
            <DifferenceRow key={`${one.before} ${one.after}`} difference={one} />
          ))}
        </ul>
      )}
      <Rejected rejected={rejected} />
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

function Rejected({ rejected }: Pick<Outcome, 'rejected'>) {
  if (rejected.length === 0) return null;
  return (
    <>
      <p>Not replayed:</p>
      <ul class="assumptions">
        {rejected.map(({ where, reason }) => (
          <li key={where}>
            {where}: {reason}
          </li>
        ))}
      </ul>
    </>
  );
}

function DifferenceRow({ difference: { before, after, things } }: { readonly difference: Difference }) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? things : things.slice(0, shownAtFirst);
  return (
    <li>
      <b>{things.length === 1 ? '1 thing' : `${writeNumber(things.length)} things`}</b>
      <dl>
        <div>
          <dt>As deployed</dt>
          <dd>{before}</dd>
        </div>
        <div>
          <dt>Edited</dt>
          <dd>{after}</dd>
        </div>
      </dl>
      <p class="names">
        {shown.map((thing) => (
          <a key={thing} class="code" href={`/console/cases/${thingPath(thing)}`}>
            {thing}
          </a>
        ))}
        {shown.length < things.length && (
          <button type="button" class="link" onClick={() => setIsWhole(true)}>
            Show all {writeNumber(things.length)}
          </button>
        )}
      </p>
    </li>
  );
}
