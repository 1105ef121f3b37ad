import type { FleetAnswer } from '../../shared/api/stack';
import { thingPath } from '../api/client';
import { useLive } from '../api/live';
import type { CaseStatus } from '../api/types';
import { Ago } from '../parts/clock';
import { KillSwitchNotice } from '../parts/kill-switch';
import { Pending } from '../parts/notice';
import { Status } from '../parts/status';
import { useSteady } from '../parts/steady';
import { statusWords } from '../words/status';
import { writeDuration } from '../words/time';
import { writeNumber } from '../words/violation';

interface HealthAnswer {
  readonly version: string;
  readonly pipeline?: { readonly ms: number; readonly ageMs: number; readonly late: boolean };
}

const listOf: Readonly<Record<CaseStatus, string>> = {
  'containment-failed': '',
  'release-conflict': '',
  'awaiting-approval': '',
  containing: '?show=In%20progress',
  releasing: '?show=In%20progress',
  contained: '?show=Contained',
  observed: '?show=Observed',
  closed: '?show=Closed',
};

/** The state of the fleet, the used part of the fleet limit, and what else restrains Cordon. */
export function FleetView() {
  const live = useLive<FleetAnswer>('/fleet', 10_000);
  const health = useLive<HealthAnswer>('/health', 15_000);
  const fleet = useSteady(live.value, 'fleet');
  return (
    <section class="view">
      <h1>Fleet</h1>
      {!fleet ? (
        <Pending live={live} what="fleet" />
      ) : (
        <>
          <KillSwitchNotice killSwitch={fleet.killSwitch} />
          <Counts fleet={fleet} />
          <div class="cards">
            <Limit limit={fleet.fleetLimit} />
            <Silent agents={fleet.silentAgents} />
            <Degraded agents={fleet.degradedAgents} />
            <Guards fleet={fleet} />
            {health.value && <Pipeline health={health.value} />}
          </div>
        </>
      )}
    </section>
  );
}

function Counts({ fleet: { cases, things, countedAt } }: { readonly fleet: FleetAnswer }) {
  const statuses = Object.keys(statusWords).filter((status) => status !== 'closed') as CaseStatus[];
  return (
    <ul class="counts" aria-label="Open cases by status">
      {statuses.map((status) => (
        <li key={status}>
          <a href={`/console${listOf[status]}`}>
            <b>
              {writeNumber(cases.counts[status] ?? 0)}
              {cases.isComplete ? '' : '+'}
            </b>
            <Status status={status} />
          </a>
        </li>
      ))}
      {things !== undefined && (
        <li>
          <b>{writeNumber(things)}</b>
          <span class="quiet">
            things in the registry
            {countedAt !== undefined && (
              <>
                , counted <Ago at={countedAt} />
              </>
            )}
          </span>
        </li>
      )}
    </ul>
  );
}

function Limit({ limit: { used, limit, withinMs } }: { readonly limit: FleetAnswer['fleetLimit'] }) {
  const isFull = used >= limit;
  return (
    <section class="panel">
      <h2>Fleet limit</h2>
      <p>
        <b>
          {used} of {limit}
        </b>{' '}
        containments within {writeDuration(withinMs)}.{' '}
        {isFull ? 'New ones wait for approval.' : 'New ones go ahead.'}
      </p>
      <meter
        aria-label="Containments within the limit"
        min={0}
        max={Math.max(1, limit)}
        value={used}
        high={limit * 0.8}
      />
    </section>
  );
}

const mostListed = 20;

function Silent({ agents: { count, things } }: { readonly agents: FleetAnswer['silentAgents'] }) {
  return (
    <section class="panel">
      <h2>Silent agents</h2>
      {count === 0 ? (
        <p class="quiet">Every agent that has ever reported still reports.</p>
      ) : (
        <>
          <p>
            <b>{writeNumber(count)}</b> have missed three reports.
          </p>
          <p class="names">
            {things.slice(0, mostListed).map((thing) => (
              <a key={thing} class="code" href={`/console/things/${thingPath(thing)}`}>
                {thing}
              </a>
            ))}
            {count > mostListed && (
              <span>and {writeNumber(count - mostListed)} more: cordon agents --silent</span>
            )}
          </p>
        </>
      )}
    </section>
  );
}

function Degraded({ agents: { count, things } }: { readonly agents: FleetAnswer['degradedAgents'] }) {
  return (
    <section class="panel">
      <h2>Degraded agents</h2>
      {count === 0 ? (
        <p class="quiet">No agent reports an incomplete view of its device.</p>
      ) : (
        <>
          <p>
            <b>{writeNumber(count)}</b> {count === 1 ? 'sees' : 'see'} a part of the device only.
          </p>
          <dl class="pairs">
            {things.slice(0, mostListed).map(({ thingName, words }) => (
              <div key={thingName}>
                <dt>
                  <a class="code" href={`/console/things/${thingPath(thingName)}`}>
                    {thingName}
                  </a>
                </dt>
                <dd>{words}</dd>
              </div>
            ))}
          </dl>
          {count > mostListed && (
            <p class="quiet">and {writeNumber(count - mostListed)} more: cordon agents --degraded</p>
          )}
        </>
      )}
    </section>
  );
}

function Guards({ fleet: { exempt, killSwitch, floods = [] } }: { readonly fleet: FleetAnswer }) {
  return (
    <section class="panel">
      <h2>Guards</h2>
      <dl class="pairs">
        <div>
          <dt>Kill switch</dt>
          <dd>{killSwitch ? killSwitch.state : 'off: Cordon acts'}</dd>
        </div>
        <div>
          <dt>Exempt</dt>
          <dd>
            {exempt.length === 0
              ? 'nothing'
              : exempt
                  .map(({ thingGroup, attribute }) =>
                    thingGroup !== undefined
                      ? `group ${thingGroup}`
                      : Object.entries(attribute ?? {})
                          .map(([name, value]) => `${name}=${value}`)
                          .join(' and '),
                  )
                  .join('; ')}
          </dd>
        </div>
        <div>
          <dt>Set aside</dt>
          <dd>
            {floods.length === 0
              ? 'no reports'
              : floods.map(({ thingName, since }) => (
                  <p key={thingName}>
                    those of {thingName}, since <Ago at={since} />
                  </p>
                ))}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Pipeline({ health: { version, pipeline } }: { readonly health: HealthAnswer }) {
  return (
    <section class="panel">
      <h2>Heartbeat</h2>
      {!pipeline ? (
        <p class="quiet">None has come through yet: one is sent each minute.</p>
      ) : (
        <p>
          <span class={`tag tone-${pipeline.late ? 'danger' : 'good'}`}>
            {pipeline.late ? 'late' : 'on time'}
          </span>{' '}
          the newest took {writeDuration(pipeline.ms)}, {writeDuration(pipeline.ageMs)} ago
        </p>
      )}
      <p class="quiet">Cordon {version}</p>
    </section>
  );
}
