import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import { thingPath } from '../api/client';
import { useLive } from '../api/live';
import type { CaseAnswer, ClosedAnswer, ThingAnswer } from '../api/types';
import { useShortcuts } from '../keyboard/shortcuts';
import { AgentHealth } from '../parts/agent-health';
import { Ago } from '../parts/clock';
import { ThingFacts } from '../parts/facts';
import { Metric } from '../parts/metric';
import { Pending } from '../parts/notice';
import { Severity, Status } from '../parts/status';
import { nameBehavior } from '../words/group';
import { writeDuration } from '../words/time';

const hourMs = 3_600_000;
const spans = [
  { name: '1 hour', ms: hourMs },
  { name: '1 day', ms: 24 * hourMs },
  { name: '14 days', ms: 14 * 24 * hourMs },
] as const;

/** A thing: what it reports, its cases, what the registry says of it, how its agent is. */
export function ThingView() {
  const { params } = useRoute();
  const { route } = useLocation();
  const thingName = params.thing ?? '';
  const path = thingPath(thingName);
  const live = useLive<CaseAnswer>(`/cases/${path}`, 5_000);
  const thing = useLive<ThingAnswer>(`/things/${path}`, 15_000);
  useShortcuts([
    { keys: 'u', does: 'Back to the list', run: () => route('/console/') },
    { keys: 'o', does: 'Open the newest case', run: () => route(`/console/cases/${path}`) },
  ]);
  const metrics = thing.value?.metrics ?? [
    ...new Set((live.value?.violations ?? []).map(({ metric }) => metric)),
  ];
  return (
    <article class="view">
      <header class="head">
        <p class="crumbs">
          <a href="/console/">Needs somebody</a> / thing
        </p>
        <h1>{thingName}</h1>
        {live.value && live.value.status !== 'closed' && (
          <p class="facts">
            <Status status={live.value.status} />
            <a href={`/console/cases/${path}`}>Open its case</a>
          </p>
        )}
      </header>
      <div class="columns">
        <div>
          <MetricPanels thingName={thingName} metrics={metrics} />
          <Earlier path={path} />
        </div>
        <div>
          <AgentHealth agent={thing.value?.agent} isKnown={thing.value !== undefined} />
          <ThingFacts facts={live.value?.facts} />
        </div>
      </div>
    </article>
  );
}

function MetricPanels({
  thingName,
  metrics,
}: {
  readonly thingName: string;
  readonly metrics: readonly string[];
}) {
  const [span, setSpan] = useState<number>(spans[1].ms);
  // The end moves with the time, and must not make another request each second.
  const [from, setFrom] = useState(Date.now() - span);
  if (metrics.length === 0) return <section class="panel">No metric of this thing is kept.</section>;
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
      {metrics.map((metric) => (
        <section class="panel" key={metric}>
          <h2>{metric}</h2>
          <Metric thingName={thingName} metric={metric} from={from} />
        </section>
      ))}
    </>
  );
}

function Earlier({ path }: { readonly path: string }) {
  const live = useLive<ClosedAnswer>(`/things/${path}/closed`, 15_000);
  return (
    <section class="panel">
      <h2>Earlier cases</h2>
      {!live.value ? (
        <Pending live={live} what="earlier cases" />
      ) : live.value.cases.length === 0 ? (
        <p class="quiet">None: nothing of this thing was ever closed.</p>
      ) : (
        <ul class="proofs">
          {live.value.cases.map(
            ({ caseId, severity, openedAt, closedAt, containedAt, reason, violations }) => (
              <li key={caseId}>
                <p class="facts">
                  <b>
                    <Ago at={openedAt} />
                  </b>
                  <Severity severity={severity} />
                  <span>{violations.map(({ key }) => nameBehavior(key)).join(', ') || 'by hand'}</span>
                  {containedAt !== undefined && closedAt !== undefined && (
                    <span>held for {writeDuration(closedAt - containedAt)}</span>
                  )}
                </p>
                {reason && <p>{reason}</p>}
              </li>
            ),
          )}
        </ul>
      )}
    </section>
  );
}
