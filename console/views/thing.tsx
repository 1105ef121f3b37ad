import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { ThingAnswer } from '../../shared/api/thing';
import { thingPath } from '../api/client';
import { useLive } from '../api/live';
import type { CaseAnswer, ClosedCasesAnswer } from '../api/types';
import { useShortcuts } from '../keyboard/shortcuts';
import { AgentHealth } from '../parts/agent-health';
import { caseAddress } from '../parts/case-row';
import { Ago } from '../parts/clock';
import { ThingFacts } from '../parts/facts';
import { Metric } from '../parts/metric';
import { NextPage } from '../parts/next-page';
import { Pending } from '../parts/notice';
import { Severity, Status } from '../parts/status';
import { useSteady } from '../parts/steady';
import { nameBehavior } from '../words/group';
import { writeDuration } from '../words/time';
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
            <Earlier thing={thing} />
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

/** As a case has them. */
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

interface EarlierProps {
  readonly thing: Pick<ThingAnswer, 'thingName' | 'earlier' | 'moreEarlier' | 'damaged'>;
}

function Earlier({ thing: { thingName, earlier, moreEarlier, damaged = [] } }: EarlierProps) {
  const [isAll, setIsAll] = useState(false);
  const list: List = useRef(null);
  return (
    <section class="panel">
      <h2>Earlier cases</h2>
      {earlier.length + damaged.length === 0 && <p class="quiet">None: this thing has no closed case.</p>}
      <ul class="proofs" ref={list} aria-label="Earlier cases, newest first">
        {isAll ? (
          <ClosedCases thingName={thingName} list={list} />
        ) : (
          <>
            {earlier.map((one) => (
              <EarlierCase key={one.caseId} one={one} />
            ))}
            <DamagedCases damaged={damaged} />
          </>
        )}
      </ul>
      {moreEarlier && !isAll && (
        <button type="button" onClick={() => setIsAll(true)}>
          Show all earlier cases
        </button>
      )}
    </section>
  );
}

type List = RefObject<HTMLUListElement | null>;

/** The first page of all of them, which takes the place of the button that asked for it. */
function ClosedCases({ thingName, list }: { readonly thingName: string; readonly list: List }) {
  const path = closedPath(thingName);
  const live = useLive<ClosedCasesAnswer>(path, 60_000);
  const page = useSteady(live.value, path);
  const isHere = page !== undefined;
  useLayoutEffect(() => {
    if (isHere && document.activeElement === document.body) list.current?.querySelector('a')?.focus();
  }, [isHere]);
  if (page) return <ClosedPage thingName={thingName} page={page} />;
  return (
    <li>
      <Pending live={live} what="earlier cases" />
    </li>
  );
}

interface ClosedPageProps {
  readonly thingName: string;
  readonly page: ClosedCasesAnswer;
}

function ClosedPage({ thingName, page: { cases, damaged = [], next } }: ClosedPageProps) {
  return (
    <>
      {cases.map(({ violations, ...one }) => (
        <EarlierCase
          key={one.caseId}
          one={{ ...one, thingName, behaviors: violations.map(({ key }) => key) }}
        />
      ))}
      <DamagedCases damaged={damaged} />
      {next !== undefined && (
        <NextPage<ClosedCasesAnswer>
          path={`${closedPath(thingName)}&cursor=${encodeURIComponent(next)}`}
          list={closedPath(thingName)}
          label="Show more"
          everyMs={60_000}
        >
          {(following) => <ClosedPage thingName={thingName} page={following} />}
        </NextPage>
      )}
    </>
  );
}

const closedPath = (thingName: string) => `/things/${thingPath(thingName)}/closed?limit=50`;

function DamagedCases({ damaged }: { readonly damaged: readonly string[] }) {
  return damaged.map((caseId) => (
    <li key={caseId}>
      The case <code>{caseId}</code>: its item in the table is damaged
    </li>
  ));
}

type EarlierCaseAnswer = Pick<
  ThingAnswer['earlier'][number],
  | 'thingName'
  | 'caseId'
  | 'status'
  | 'severity'
  | 'openedAt'
  | 'containedAt'
  | 'closedAt'
  | 'reason'
  | 'behaviors'
>;

function EarlierCase({ one }: { readonly one: EarlierCaseAnswer }) {
  return (
    <li>
      <p class="facts">
        <a href={caseAddress(one)}>
          <Ago at={one.openedAt} />
        </a>
        <Severity severity={one.severity} />
        <span>{one.behaviors.map(nameBehavior).join(', ') || 'by hand'}</span>
        {one.containedAt !== undefined && one.closedAt !== undefined && (
          <span>held for {writeDuration(one.closedAt - one.containedAt)}</span>
        )}
      </p>
      {one.reason && <p>{one.reason}</p>}
    </li>
  );
}
