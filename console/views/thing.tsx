import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { ThingAnswer } from '../../shared/api/thing';
import { thingPath } from '../api/client';
import { useLive } from '../api/live';
import type { CaseAnswer } from '../api/types';
import { useShortcuts } from '../keyboard/shortcuts';
import { AgentHealth } from '../parts/agent-health';
import { Ago } from '../parts/clock';
import { EarlierCases } from '../parts/earlier-cases';
import { Metric } from '../parts/metric';
import { Pending } from '../parts/notice';
import { Status } from '../parts/status';
import { useSteady } from '../parts/steady';
import { ThingFacts } from '../parts/thing-facts';
import { writeValue } from '../words/violation';

const hourMs = 3_600_000;
const spans = [
  { name: '1 hour', ms: hourMs },
  { name: '1 day', ms: 24 * hourMs },
  { name: '14 days', ms: 14 * 24 * hourMs },
] as const;

/** A thing: what it reports, its cases, its registry entry, the health of its agent. */
export function ThingView() {
  const { params } = useRoute();
  const { route } = useLocation();
  const thingName = params.thing ?? '';
  const path = thingPath(thingName);
  const live = useLive<ThingAnswer>(`/things/${path}`, 10_000);
  const thing = useSteady(live.value, path);
  useShortcuts([
    { keys: 'u', does: 'Back to the list', run: () => route('/console') },
    { keys: 'o', does: 'Open the newest case', run: () => route(`/console/cases/${path}`) },
  ]);
  return (
    <article class="view">
      <header class="head">
        <p class="crumbs">
          <a href="/console">Needs somebody</a> / thing
        </p>
        <h1>{thingName}</h1>
        {thing?.case && (
          <p class="facts">
            <Status status={thing.case.status} />
            <a href={`/console/cases/${path}`}>Open its newest case</a>
          </p>
        )}
      </header>
      {!thing ? (
        <Pending live={live} what="thing" />
      ) : (
        <div class="columns">
          <div>
            <MetricPanels thing={thing} />
            <EarlierCases thing={thing} />
          </div>
          <div>
            <AgentHealth agent={thing.agent} />
            <ThingFacts facts={readFacts(thing)} />
          </div>
        </div>
      )}
    </article>
  );
}

/** The facts of the registry, in the form that a case has them in. */
function readFacts({ registry }: ThingAnswer): CaseAnswer['facts'] {
  if (!registry) return undefined;
  const { certificates, thingTypeName, ...rest } = registry;
  return {
    kind: 'known',
    ...rest,
    ...(thingTypeName !== undefined && { thingTypeName }),
    principals: certificates.map(({ status, ...certificate }) => ({
      ...certificate,
      ...(status !== undefined && { status }),
    })),
  };
}

function MetricPanels({ thing: { thingName, metrics } }: { readonly thing: ThingAnswer }) {
  const [span, setSpan] = useState<number>(spans[1].ms);
  // The end moves with the time, and must not make another request each second.
  const [from, setFrom] = useState(Date.now() - span);
  if (metrics.length === 0)
    return (
      <section class="panel">
        <h2>Metrics</h2>
        <p class="quiet">No values of this thing are kept.</p>
      </section>
    );
  return (
    <>
      <fieldset class="choices">
        <legend class="sr-only">How far back</legend>
        {spans.map(({ name, ms }) => (
          <label key={name} class="chip">
            <input
              type="radio"
              name="span"
              class="sr-only"
              checked={span === ms}
              onChange={() => {
                setSpan(ms);
                setFrom(Date.now() - ms);
              }}
            />
            {name}
          </label>
        ))}
      </fieldset>
      {metrics.map(({ metric, at, value }) => (
        <section class="panel" key={metric}>
          <h2>{metric}</h2>
          <p class="facts">
            <span>
              now <b>{writeValue(value)}</b>
            </span>
            <span>
              reported <Ago at={at} />
            </span>
          </p>
          <Metric thingName={thingName} metric={metric} from={from} isKept={at >= from} isToNow />
        </section>
      ))}
    </>
  );
}
