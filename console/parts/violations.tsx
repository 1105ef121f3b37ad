import type { CaseAnswer } from '../api/types';
import { Ago } from './clock';
import { Notice } from './notice';

/** The findings of the case, as the newest report of each says. */
export function Violations({ record: { violations, floods = [] } }: { readonly record: CaseAnswer }) {
  return (
    <section class="panel">
      <h2>Behaviors</h2>
      {violations.length === 0 && <p class="quiet">Somebody contained it by hand.</p>}
      <ul class="proofs" aria-label="Behaviors of this case">
        {violations.map(({ key, words, lastEventType, alarmAt, ...more }) => (
          <li key={key}>
            <b class="code">{key}</b>{' '}
            <span class={`tag tone-${lastEventType === 'in-alarm' ? 'danger' : 'good'}`}>
              {lastEventType === 'in-alarm' ? 'in alarm' : (lastEventType ?? '').replace('alarm-', '')}
            </span>
            <p>{words}</p>
            {alarmAt !== undefined && (
              <p class="quiet">
                alarm <Ago at={alarmAt} />
                {more.reporter && <>, reported by {more.reporter.clientId}</>}
              </p>
            )}
            {more.excepted && <p class="quiet">Excepted: {more.excepted}</p>}
            {more.uncounted?.map((one) => (
              <p key={one} class="quiet">
                Not counted by the agent: {one}
              </p>
            ))}
          </li>
        ))}
      </ul>
      {floods.length > 0 && (
        <Notice tone="warning" title="It sends too many reports">
          Those of certificate {floods[0]?.sender.slice(0, 12)} are set aside.
        </Notice>
      )}
    </section>
  );
}
