import { thingPath } from '../api/client';
import { useLive } from '../api/live';
import type { TimelineAnswer, TimelineEntry } from '../api/types';
import { shortenActor, shortenEvent } from '../words/actor';
import { writeSecond } from '../words/time';
import { writeValue } from '../words/violation';
import { Ago } from './clock';
import { NextPage } from './next-page';
import { Pending } from './notice';
import { useSteady } from './steady';

interface TimelineProps {
  readonly thingName: string;
  readonly caseId: string;
}

/** What happened, oldest first, with who did it. */
export function Timeline({ thingName, caseId }: TimelineProps) {
  const path = `/cases/${thingPath(thingName)}/timeline?caseId=${encodeURIComponent(caseId)}`;
  const first = useLive<TimelineAnswer>(path);
  const page = useSteady(first.value, path);
  if (!page) return <Pending live={first} what="timeline" />;
  return (
    <ol class="timeline" aria-label="What happened, oldest first">
      <Entries page={page} />
      {page.next && <More path={path} after={page.next} />}
    </ol>
  );
}

function More({ path, after }: { readonly path: string; readonly after: string }) {
  return (
    <NextPage path={`${path}&after=${encodeURIComponent(after)}`} label="Show what came later">
      {(page: TimelineAnswer) => (
        <>
          <Entries page={page} />
          {page.next && <More path={path} after={page.next} />}
        </>
      )}
    </NextPage>
  );
}

function Entries({ page }: { readonly page: TimelineAnswer }) {
  return (
    <>
      {page.rows.flatMap(({ id, entries }) =>
        entries.map((entry, index) => <Entry key={`${id} ${index}`} entry={entry} />),
      )}
    </>
  );
}

function Entry({ entry: { at, what, actor, detail } }: { readonly entry: TimelineEntry }) {
  return (
    <li class={actor !== undefined && actor !== 'playbook' ? 'entry by-somebody' : 'entry'}>
      <span class="at">
        {writeSecond(at)} <Ago at={at} />
      </span>
      <div>
        <b title={what}>{shortenEvent(what)}</b>
        {actor !== undefined && (
          <span class="actor" title={actor}>
            {' '}
            by {shortenActor(actor)}
          </span>
        )}
        {detail && (
          <p class={actor !== undefined && actor !== 'playbook' ? 'comment' : ''}>
            {writeDetail(what, detail)}
          </p>
        )}
      </div>
    </li>
  );
}

/** An event of a behavior has the value as the report had it. */
function writeDetail(what: string, detail: string): string {
  const [, behavior, value] = /^(\S+) (\{.*\})$/s.exec(detail) ?? [];
  if (!/^(in-alarm|alarm-)/.test(what) || behavior === undefined || value === undefined) return detail;
  try {
    return `${behavior}: ${writeValue(JSON.parse(value))}`;
  } catch {
    return detail;
  }
}
