import { useMemo, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { PossibleAct } from '../../shared/api/case';
import { ActDialog } from '../acts/act-dialog';
import { useRights } from '../acts/rights';
import { Assignee, CommentBox } from '../acts/talk';
import { actWords, listActs } from '../acts/words';
import { thingPath } from '../api/client';
import { useLive } from '../api/live';
import type { CaseAnswer, PersonRequest, ViolationAnswer } from '../api/types';
import { useShortcuts } from '../keyboard/shortcuts';
import { Changes } from '../parts/changes';
import type { Mark } from '../parts/chart';
import { Ago, TimeLeft } from '../parts/clock';
import { ThingFacts } from '../parts/facts';
import { Metric } from '../parts/metric';
import { Notice, Pending } from '../parts/notice';
import { ProcessTree } from '../parts/process-tree';
import { Severity, Status } from '../parts/status';
import { Timeline } from '../parts/timeline';
import { writeLedgerState, writeStrength } from '../words/proof';
import { writeStory } from '../words/sentence';
import { writeAbsolute } from '../words/time';
import { findThreshold } from '../words/violation';

/** What happened, on what, what was done, and how to undo or harden it. */
export function CaseView() {
  const { params } = useRoute();
  // By its id, a case is that one; by its thing, the newest.
  const live = useLive<CaseAnswer>(`/cases/${thingPath(params.caseId ?? params.thing ?? '')}`, 3_000);
  const record = live.value;
  if (!record)
    return (
      <section class="view">
        <h1>{params.thing}</h1>
        <Pending live={live} what="case" />
        {live.error?.status === 404 && (
          <p>
            <a href={`/console/things/${thingPath(params.thing ?? '')}`}>Open the thing</a> or{' '}
            <a href="/console">see what needs somebody</a>.
          </p>
        )}
      </section>
    );
  return <OpenCase key={record.caseId} record={record} />;
}

function OpenCase({ record }: { readonly record: CaseAnswer }) {
  const { route } = useLocation();
  const [chosen, setChosen] = useState<PossibleAct>();
  const { mayAct: hasRight, why } = useRights(record.thingName, record.acts);
  const acts = listActs(record.possible).filter(({ action }) => hasRight(action));
  useShortcuts([
    { keys: 'u', does: 'Back to the list', run: () => route('/console') },
    { keys: 't', does: 'Open the thing', run: () => route(`/console/things/${thingPath(record.thingName)}`) },
    ...acts.filter(mayAct).map((act) => ({
      keys: actWords[act.action].key,
      does: `${actWords[act.action].label} this thing`,
      run: () => setChosen(act),
    })),
  ]);
  const evidence = record.violations.flatMap((violation) => violation.evidence ?? []);
  return (
    <article class="view case-view">
      <header class="head">
        <p class="crumbs">
          <a href="/console">Needs somebody</a> / case <span class="code">{record.caseId}</span>
        </p>
        <h1>
          <a href={`/console/things/${thingPath(record.thingName)}`}>{record.thingName}</a>
        </h1>
        <p class="facts">
          <Status status={record.status} />
          <Severity severity={record.severity} />
          <span>
            opened <Ago at={record.openedAt} />
          </span>
          {record.status === 'awaiting-approval' && record.dueAt !== undefined && (
            <TimeLeft until={record.dueAt} />
          )}
          {record.playbook && <span>playbook {record.playbook}</span>}
          <Assignee record={record} hasRight={hasRight('assign')} />
        </p>
        <p class="story" role="status">
          {writeStory(record)}
        </p>
      </header>
      {record.request && <Request request={record.request} />}
      <Acts acts={acts} onChoose={setChosen} thingName={record.thingName} why={why} />
      <div class="columns">
        <div>
          {evidence.length > 0 && (
            <section class="panel">
              <h2>Processes</h2>
              <ProcessTree evidence={evidence} />
              {record.violations.some(({ isPartial }) => isPartial) && (
                <p class="quiet">There were more than are kept.</p>
              )}
            </section>
          )}
          <Metrics record={record} />
          <section class="panel">
            <h2>Timeline</h2>
            {hasRight('comment') && <CommentBox record={record} />}
            <Timeline thingName={record.thingName} caseId={record.caseId} />
          </section>
        </div>
        <div>
          <Strength record={record} />
          {record.restores.length > 0 && (
            <section class="panel">
              <h2>What a release restores</h2>
              <Changes restores={record.restores} />
            </section>
          )}
          <Violations record={record} />
          <ThingFacts facts={record.facts} />
        </div>
      </div>
      {chosen && (
        <ActDialog
          act={chosen}
          thingName={record.thingName}
          caseId={record.caseId}
          held={record.ledger.map(({ action }) => action)}
          onClose={() => setChosen(undefined)}
          {...(chosen.secondPerson?.state === 'confirms' && record.request && { request: record.request })}
          restores={record.restores}
        />
      )}
    </article>
  );
}

interface ActsProps {
  readonly acts: readonly PossibleAct[];
  readonly thingName: string;
  readonly onChoose: (act: PossibleAct) => void;
  /** Why the caller can do nothing. */
  readonly why: string | undefined;
}

function Acts({ acts, thingName, onChoose, why }: ActsProps) {
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

function Request({ request }: { readonly request: PersonRequest }) {
  const { action, actions, actor, force, mine, expires } = request;
  return (
    <p class="callout tone-warning">
      {mine ? 'You' : actor} asked to {action} it
      {actions && ` (${actions.join(', ')})`}
      {force && ' by force'}: a second person has to confirm until {writeAbsolute(expires)}.
    </p>
  );
}

function mayAct({ secondPerson }: PossibleAct): boolean {
  return secondPerson?.state !== 'refused';
}

function describeSecondPerson(second: NonNullable<PossibleAct['secondPerson']>): string {
  if (second.state === 'refused') return `You can’t: ${second.reason}.`;
  return second.state === 'needed' ? 'It needs a second person.' : 'Somebody else asked for it: you confirm.';
}

const minuteMs = 60_000;

function Metrics({ record }: { readonly record: CaseAnswer }) {
  // A metric may have several behaviors: the first stands for them.
  const byMetric = new Map<string, ViolationAnswer>();
  for (const violation of record.violations)
    if (violation.metric !== undefined && !byMetric.has(violation.metric))
      byMetric.set(violation.metric, violation);
  return (
    <>
      {[...byMetric].map(([metric, violation]) => (
        <MetricPanel key={metric} record={record} metric={metric} violation={violation} />
      ))}
    </>
  );
}

interface MetricPanelProps {
  readonly record: CaseAnswer;
  readonly metric: string;
  readonly violation: ViolationAnswer;
}

function MetricPanel({ record, metric, violation: { criteria, alarmAt } }: MetricPanelProps) {
  const marks = useMemo(() => listMarks(record, alarmAt), [record, alarmAt]);
  const threshold = findThreshold(criteria);
  return (
    <section class="panel">
      <h2>{metric}</h2>
      <Metric
        thingName={record.thingName}
        metric={metric}
        from={record.openedAt - 10 * minuteMs}
        marks={marks}
        {...(record.closedAt !== undefined && { to: record.closedAt + 10 * minuteMs })}
        {...(threshold !== undefined && { threshold })}
      />
    </section>
  );
}

function listMarks(
  { containedAt, ledger, closedAt }: CaseAnswer,
  alarmAt: number | undefined,
): readonly Mark[] {
  const released = ledger.flatMap(({ revertedAt }) => (revertedAt === undefined ? [] : [revertedAt]));
  const releasedAt = closedAt !== undefined && released.length > 0 ? Math.max(...released) : undefined;
  return [
    ...(alarmAt === undefined ? [] : [{ at: alarmAt, label: 'alarm', tone: 'danger' as const }]),
    ...(containedAt === undefined ? [] : [{ at: containedAt, label: 'contained', tone: 'held' as const }]),
    ...(releasedAt === undefined ? [] : [{ at: releasedAt, label: 'released', tone: 'good' as const }]),
  ];
}

function Strength({ record: { ledger, leftOut = [], strength = [] } }: { readonly record: CaseAnswer }) {
  if (ledger.length === 0) return null;
  return (
    <section class="panel">
      <h2>How strong it is</h2>
      <p>{writeStrength(ledger)}</p>
      <ul class="proofs" aria-label="Actions, with their proof">
        {ledger.map((entry) => {
          const { word, tone } = writeLedgerState(entry);
          return (
            <li key={entry.action}>
              <b class="code">{entry.action}</b> <span class={`tag tone-${tone}`}>{word}</span>
              {entry.detail && <p>{entry.detail}</p>}
              {entry.left?.map((one) => (
                <p key={one}>Not as it was: {one}</p>
              ))}
            </li>
          );
        })}
      </ul>
      {[...strength, ...leftOut].map((one) => (
        <p key={one} class="callout tone-warning">
          {one}
        </p>
      ))}
    </section>
  );
}

function Violations({ record: { violations, floods = [] } }: { readonly record: CaseAnswer }) {
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
