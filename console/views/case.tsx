import { useRef, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { PossibleAction } from '../../shared/api/case';
import { thingPath } from '../api/client';
import { useLive } from '../api/live';
import type { CaseAnswer } from '../api/types';
import { useShortcuts } from '../keyboard/shortcuts';
import { ActionDialog } from '../operator-actions/action-dialog';
import { ActionList } from '../operator-actions/action-list';
import { Assignee, CommentBox } from '../operator-actions/comment-and-assign';
import { useRights } from '../operator-actions/rights';
import { mayAct, RequestNotice } from '../operator-actions/second-person';
import { CaseMetrics } from '../parts/case-metrics';
import { Changes } from '../parts/changes';
import { Ago, TimeLeft } from '../parts/clock';
import { Pending } from '../parts/notice';
import { ProcessTree } from '../parts/process-tree';
import { Severity, Status } from '../parts/status';
import { useSteady } from '../parts/steady';
import { Strength } from '../parts/strength';
import { ThingFacts } from '../parts/thing-facts';
import { Timeline } from '../parts/timeline';
import { Violations } from '../parts/violations';
import { actionWords, listActions } from '../words/operator-actions';
import { writeStory } from '../words/sentence';

/** The operator action whose dialog is open, and the address of its case. */
interface Chosen {
  readonly act: PossibleAction;
  readonly path: string;
}

/** The view of a case: the violation, the thing, Cordon's actions, and how to undo or harden them. */
export function CaseView() {
  const { params } = useRoute();
  // An address with a case id shows that case; one with a thing alone shows its newest.
  const path = `/cases/${thingPath(params.caseId ?? params.thing ?? '')}`;
  const live = useLive<CaseAnswer>(path, 3_000);
  const newest = useSteady(live.value, path);
  const [chosen, setChosen] = useState<Chosen>();
  const shown = useRef<{ readonly path: string; readonly record: CaseAnswer | undefined }>(undefined);
  const act = chosen?.path === path ? chosen.act : undefined;
  // If a field vanished while somebody writes in it, the keys would act as shortcuts. So another case has to wait.
  const isHeld = shown.current?.path === path && (act !== undefined || isCommenting());
  if (!isHeld || shown.current?.record?.caseId === newest?.caseId) shown.current = { path, record: newest };
  const record = shown.current?.record;
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
  return (
    <OpenCase
      key={record.caseId}
      record={record}
      chosen={act}
      onChoose={(next) => setChosen(next && { act: next, path })}
    />
  );
}

function isCommenting(): boolean {
  return document.activeElement?.closest('.comment-box') != null;
}

interface OpenCaseProps {
  readonly record: CaseAnswer;
  readonly chosen: PossibleAction | undefined;
  readonly onChoose: (act: PossibleAction | undefined) => void;
}

function OpenCase({ record, chosen, onChoose }: OpenCaseProps) {
  const { route } = useLocation();
  const { mayAct: hasRight, why, additions } = useRights(record.thingName, record.acts);
  const acts = listActions(record.possible).filter(({ action }) => hasRight(action));
  useShortcuts([
    { keys: 'u', does: 'Back to the list', run: () => route('/console') },
    { keys: 't', does: 'Open the thing', run: () => route(`/console/things/${thingPath(record.thingName)}`) },
    ...acts.filter(mayAct).map((act) => ({
      keys: actionWords[act.action].key,
      does: `${actionWords[act.action].label} this thing`,
      run: () => onChoose(act),
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
      {record.request && <RequestNotice request={record.request} />}
      <ActionList acts={acts} onChoose={onChoose} thingName={record.thingName} why={why} />
      <div class="columns">
        <div>
          {evidence.length > 0 && (
            <section class="panel">
              <h2>Processes</h2>
              <ProcessTree evidence={evidence} />
              {record.violations.some(({ isPartial }) => isPartial) && (
                <p class="quiet">There were more; the case keeps only these.</p>
              )}
            </section>
          )}
          <CaseMetrics record={record} />
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
        <ActionDialog
          act={chosen}
          thingName={record.thingName}
          caseId={record.caseId}
          additions={additions.filter(
            ({ action }) => !record.ledger.some((entry) => entry.action === action),
          )}
          onClose={() => onChoose(undefined)}
          {...(chosen.secondPerson?.state === 'confirms' && record.request && { request: record.request })}
          restores={record.restores}
        />
      )}
    </article>
  );
}
