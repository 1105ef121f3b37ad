import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { AuditAnswer } from '../../shared/api/operator-actions';
import { ApiError, thingPath } from '../api/client';
import { useClient, useLive } from '../api/live';
import { Ago } from '../parts/clock';
import { NextPage } from '../parts/next-page';
import { Pending } from '../parts/notice';
import { useSteady } from '../parts/steady';
import { showToast } from '../parts/toasts';
import { shortenActor, shortenEvent } from '../words/actor';
import { writeAbsolute } from '../words/time';

const dayMs = 86_400_000;
const spans = [
  { name: 'last day', days: 1 },
  { name: 'last 7 days', days: 7 },
  { name: 'last 30 days', days: 30 },
] as const;

/** Who did what to which thing. */
export function AuditView() {
  const { query, route } = useLocation();
  const { actor = '', thing = '', days = '30' } = query;
  // The end moves with the time, and must not make another list each second.
  const [now] = useState(Date.now());
  const path = auditPath({ actor, thing, from: now - Number(days) * dayMs });
  const live = useLive<AuditAnswer>(path, 10_000);
  const page = useSteady(live.value, path);
  const filter = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const next = new URLSearchParams();
    for (const name of ['actor', 'thing', 'days']) {
      const value = String(given.get(name) ?? '').trim();
      if (value !== '') next.set(name, value);
    }
    route(`/console/audit?${next}`);
  };
  return (
    <section class="view">
      <h1>Audit</h1>
      <form class="audit-filter" onSubmit={filter}>
        <label class="field">
          Person
          <input
            type="search"
            name="actor"
            defaultValue={actor}
            key={`actor ${actor}`}
            placeholder="anybody"
          />
        </label>
        <label class="field">
          Thing
          <input type="search" name="thing" defaultValue={thing} key={`thing ${thing}`} placeholder="any" />
        </label>
        <label class="field">
          Time
          <select name="days" defaultValue={days} key={`days ${days}`}>
            {spans.map(({ name, days: count }) => (
              <option key={name} value={count} selected={days === String(count)}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Filter</button>
        <span class="downloads">
          <Download path={path} format="csv" />
          <Download path={path} format="json" />
        </span>
      </form>
      {!page ? (
        <Pending live={live} what="acts" />
      ) : page.acts.length === 0 ? (
        <div class="empty">
          <h2>Nobody did anything</h2>
          <p>
            Acts of people in this time, with their comments, would be here. What Cordon did by itself is in
            each case.
          </p>
        </div>
      ) : (
        <ul class="audit" aria-label="Acts, newest first">
          <Entries acts={page.acts} />
          {page.next && <More key={page.next} path={path} cursor={page.next} />}
        </ul>
      )}
    </section>
  );
}

interface AuditFilter {
  readonly actor: string;
  readonly thing: string;
  readonly from: number;
}

function auditPath({ actor, thing, from }: AuditFilter): string {
  const query = new URLSearchParams({ limit: '100', from: String(Math.floor(from)) });
  if (actor) query.set('actor', actor);
  if (thing) query.set('thing', thing);
  return `/audit?${query}`;
}

function Entries({ acts }: Pick<AuditAnswer, 'acts'>) {
  return (
    <>
      {acts.map(({ at, actor, thingName, caseId, what, detail }) => (
        <li key={`${thingName} ${caseId} ${at} ${what}`} class="entry">
          <span class="at">
            {writeAbsolute(at)} <Ago at={at} />
          </span>
          <div>
            <a href={actPath(thingName, caseId)}>{thingName}</a> <b title={what}>{shortenEvent(what)}</b>{' '}
            <span class="quiet" title={actor}>
              by {shortenActor(actor)}
            </span>
            {detail && <p class="comment">{detail}</p>}
          </div>
        </li>
      ))}
    </>
  );
}

/** A refused command of a thing without a case leads to the thing. */
function actPath(thingName: string, caseId: string | undefined): string {
  const name = thingPath(thingName);
  return caseId === undefined
    ? `/console/things/${name}`
    : `/console/cases/${name}/${encodeURIComponent(caseId)}`;
}

function More({ path, cursor }: { readonly path: string; readonly cursor: string }) {
  return (
    <NextPage
      path={`${path}&cursor=${encodeURIComponent(cursor)}`}
      label="Show earlier acts"
      everyMs={60_000}
    >
      {(page: AuditAnswer) => (
        <>
          <Entries acts={page.acts} />
          {page.next && <More key={page.next} path={path} cursor={page.next} />}
        </>
      )}
    </NextPage>
  );
}

/** The newest 500 that match: the API writes them, and this page saves them. */
function Download({ path, format }: { readonly path: string; readonly format: 'csv' | 'json' }) {
  const client = useClient();
  const save = async () => {
    try {
      const text = await client.read(`${path.replace('limit=100', 'limit=500')}&format=${format}`);
      const url = URL.createObjectURL(new Blob([text]));
      const link = document.createElement('a');
      link.href = url;
      link.download = `cordon-audit.${format}`;
      link.click();
      URL.revokeObjectURL(url);
    } catch (error) {
      showToast('danger', error instanceof ApiError ? error.message : 'The file could not be made.');
    }
  };
  return (
    <button type="button" onClick={() => void save()}>
      Download {format.toUpperCase()}
    </button>
  );
}
