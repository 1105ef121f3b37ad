import * as z from 'zod/mini';
import { type Account, parseThing, type ThingKey } from '../../../shared/domain/thing-ref';
import {
  csvResponse,
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  jsonResponse,
  readQuery,
} from '../../../shared/http';
import type { Clock } from '../../../shared/ports/runtime';
import type { AuditEntry, AuditPage, AuditQuery } from '../../../shared/storage/audit';
import { count, cursor, epochMs, person, refuseCursor, thingText } from '../query';

export interface AuditPorts {
  readonly audit: { page(query: AuditQuery): Promise<AuditPage> };
  readonly clock: Clock;
  readonly own: Account;
}

const dayMs = 86_400_000;

export const auditQuery = z.strictObject({
  actor: person,
  thing: z.optional(thingText),
  from: epochMs,
  to: epochMs,
  limit: count(1, 500),
  cursor,
  format: z.optional(z.enum(['json', 'csv'])),
});

/** Who did what to which thing, newest first: of the last 30 days, or of the requested time. */
export async function showAudit(
  request: HttpRequest,
  { audit, clock, own }: AuditPorts,
): Promise<HttpAnswer> {
  const asked = readQuery(request, auditQuery);
  const { to = clock(), limit = 100, format = 'json' } = asked;
  const { from = Math.max(0, to - 30 * dayMs) } = asked;
  if (from > to) throw new HttpProblem(400, 'expected a time before `to`', 'from');
  const thingName = asked.thing === undefined ? undefined : readNamed(asked.thing, own);
  const page = await audit
    .page({ actor: asked.actor, thingName, from, to, limit, cursor: asked.cursor })
    .catch(refuseCursor);
  // A cursor has the time of the request, and each continues the same list.
  const sameAs = JSON.stringify([page.acts, page.next !== undefined]);
  if (format === 'json') return { ...jsonResponse(page), sameAs };
  const head = ['at', 'actor', 'thing', 'case', 'what', 'detail'];
  return csvResponse([head, ...page.acts.map(writeRow)], page.next);
}

/** The thing as the audit names it: of the own account and region by its name alone. */
function readNamed(text: string, own: Account): ThingKey {
  const thingName = parseThing(text, own);
  if (!thingName) throw new HttpProblem(400, 'expected the name of a thing', 'thing');
  return thingName;
}

function writeRow({ at, actor, thingName, caseId = '', what, detail = '' }: AuditEntry): string[] {
  return [new Date(at).toISOString(), actor, thingName, caseId, what, detail];
}
