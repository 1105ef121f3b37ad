import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ThingAnswer } from '../../shared/api/thing';
import { thingPath } from '../api/client';
import { useLive } from '../api/live';
import type { ClosedCasesAnswer } from '../api/types';
import { nameBehavior } from '../words/group';
import { writeDuration } from '../words/time';
import { caseAddress } from './case-row';
import { Ago } from './clock';
import { NextPage } from './next-page';
import { Pending } from './notice';
import { Severity } from './status';
import { useSteady } from './steady';

interface EarlierProps {
  readonly thing: Pick<ThingAnswer, 'thingName' | 'earlier' | 'moreEarlier' | 'damaged'>;
}

/** The closed cases of a thing: the newest, and all of them when somebody asks. */
export function EarlierCases({ thing: { thingName, earlier, moreEarlier, damaged = [] } }: EarlierProps) {
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
