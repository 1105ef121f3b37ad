import { type AuditCheck, auditChecks, isAuditCheck } from '../../shared/domain/configuration/audit-checks';
import {
  type AuditedResource,
  compareAudits,
  type Found,
  mostThings,
  type Outcome,
} from '../../shared/domain/findings/audit';
import type { AuditFinding, AuditResult } from '../../shared/domain/findings/finding';
import { isThingName } from '../../shared/domain/thing-ref';
import type { Audits, FirstPage, Operations } from '../../shared/ports/aws';
import type { Log } from '../../shared/ports/runtime';
import type { AuditMemory } from '../../shared/ports/storage';

export interface AuditPorts {
  readonly audits: Audits;
  readonly memory: AuditMemory;
  /** Gets the findings that are of no thing. */
  readonly operations: Operations;
}

type Ports = AuditPorts & { readonly log: Log };
type Send = (finding: AuditFinding) => Promise<void>;
type Check = AuditResult['checks'][number];

const mostThingsOfFinding = 20;
/** Each needs a call or more, and AWS IoT allows ten a second, within the function's timeout. */
const mostFindings = 100;
const atOnce = 5;
/** Certificates of a CA, or targets of a policy: most may be of no thing. */
const mostLookedAt = 50;

/**
 * Sends the findings of an audit to the mailboxes of the things. The message only says that the audit is over. intake
 * reads the findings from AWS IoT, so nobody who may publish to the topic can forge a finding.
 */
export async function handleAudit(result: AuditResult, send: Send, ports: Ports): Promise<void> {
  const asides: string[] = [];
  let left = { findings: mostFindings, things: mostThings };
  for (const { check, status, nonCompliant } of sortByGravity(result.checks)) {
    if (!isOver(status)) asides.push(`${check} is ${status}, so it clears nothing`);
    else if (!isAuditCheck(check)) asides.push(...writeAside(check, nonCompliant, 'of no thing'));
    else left = await handleCheck({ check, status, nonCompliant }, result, left, { send, asides, ports });
  }
  await publishAsides(asides.join('; '), ports);
}

/** A large audit loses its least severe findings. */
function sortByGravity(checks: readonly Check[]): readonly Check[] {
  const rank = ({ check }: Check) => (isAuditCheck(check) ? auditChecks.indexOf(check) : auditChecks.length);
  return checks.toSorted((one, other) => rank(one) - rank(other));
}

function isOver(status: string): boolean {
  return status === 'COMPLETED_COMPLIANT' || status === 'COMPLETED_NON_COMPLIANT';
}

interface Doing {
  readonly send: Send;
  readonly asides: string[];
  readonly ports: Ports;
}

type Left = { findings: number; things: number };

async function handleCheck(
  { check }: Check & { readonly check: AuditCheck },
  { taskId, startedAt }: AuditResult,
  left: Left,
  { send, asides, ports }: Doing,
): Promise<Left> {
  const before = await ports.memory.load(check);
  // SNS does not keep the order.
  if (before && before.value.startedAt > startedAt) return left;
  const { listed, beyond } = await listFindings(taskId, check, left.findings, ports.audits);
  const traced = await inParts(listed, (one) => trace(one, ports.audits));
  const outcome = sum(traced, left.things);
  asides.push(
    ...writeAside(check, outcome.withoutThing, 'of no thing'),
    ...writeAside(check, beyond, `more than the ${mostFindings} that Cordon takes of an audit`),
    ...(outcome.partial.size > 0
      ? [`${check}: ${outcome.partial.size} with more things than Cordon takes of a finding or an audit`]
      : []),
  );
  const { partial, found } = outcome;
  const compared: Outcome = { check, startedAt, found, partial, isComplete: beyond === 0 };
  const { findings, next } = compareAudits(before?.value, compared);
  await inParts(findings, send);
  await ports.memory.save(check, next, before?.version ?? 0);
  return { findings: left.findings - listed.length, things: outcome.left };
}

async function listFindings(taskId: string, check: AuditCheck, most: number, audits: Audits) {
  const listed: AuditedResource[] = [];
  let beyond = 0;
  for await (const one of audits.listFindings(taskId, check))
    if (listed.length < most) listed.push(one);
    else beyond += 1;
  return { listed, beyond };
}

interface Traced extends Found {
  /** There are more things. */
  readonly isPartial: boolean;
}

async function trace(one: AuditedResource, audits: Audits): Promise<Traced> {
  const { findingId, reason, severity, certificateId, caCertificateId, policyName, clientId } = one;
  const { items, hasMore } = await (certificateId !== undefined
    ? audits.listThingsOfCertificate(certificateId)
    : caCertificateId !== undefined
      ? traceAll(await audits.listCertificatesOfCa(caCertificateId), (id) =>
          audits.listThingsOfCertificate(id),
        )
      : policyName !== undefined
        ? traceAll(await audits.listTargets(policyName), (target) => traceTarget(target, audits))
        : traceClient(one, audits));
  const things = [...new Set(items)].filter(isThingName);
  return {
    ...{
      findingId,
      reason,
      severity,
      resource: certificateId ?? caCertificateId ?? policyName ?? clientId ?? '',
    },
    things: things.slice(0, mostThingsOfFinding),
    isPartial: hasMore || things.length > mostThingsOfFinding,
  };
}

/** One after the other, until there are enough things, or the limit of lookups is reached. */
async function traceAll(
  { items, hasMore }: FirstPage,
  listThings: (item: string) => Promise<FirstPage>,
): Promise<FirstPage> {
  const things = new Set<string>();
  let isPartial = hasMore || items.length > mostLookedAt;
  for (const item of items.slice(0, mostLookedAt)) {
    if (things.size > mostThingsOfFinding) return { items: [...things], hasMore: true };
    const page = await listThings(item);
    for (const thing of page.items) things.add(thing);
    isPartial ||= page.hasMore;
  }
  return { items: [...things], hasMore: isPartial };
}

async function traceTarget(target: string, audits: Audits): Promise<FirstPage> {
  const [, kind, name = ''] = /^arn:[^:]+:iot:[^:]+:\d+:(cert|thinggroup)\/(.+)$/.exec(target) ?? [];
  // A Cognito identity is of no thing.
  if (kind === undefined) return { items: [], hasMore: false };
  return kind === 'cert' ? audits.listThingsOfCertificate(name) : audits.listThingsOfGroup(name);
}

/** Devices that share a client id; without their certificates, the thing that is called like it. */
async function traceClient(one: AuditedResource, audits: Audits): Promise<FirstPage> {
  const { clientId, relatedCertificates } = one;
  const pages = await inParts(relatedCertificates.slice(0, mostThingsOfFinding), (id) =>
    audits.listThingsOfCertificate(id),
  );
  const items = pages.flatMap((page) => page.items);
  const hasMore = relatedCertificates.length > mostThingsOfFinding || pages.some((page) => page.hasMore);
  return { items: items.length > 0 || clientId === undefined ? items : [clientId], hasMore };
}

/** Findings of one resource together, as far as the audit's things go. */
function sum(traced: readonly Traced[], most: number) {
  const found = new Map<string, Found>();
  const partial = new Set<string>();
  let left = most;
  let withoutThing = 0;
  for (const { isPartial, things, ...one } of traced) {
    const known = found.get(one.resource)?.things ?? [];
    const fresh = things.filter((thing) => !known.includes(thing));
    const taken = fresh.slice(0, left);
    left -= taken.length;
    if (isPartial || taken.length < fresh.length) partial.add(one.resource);
    if (things.length === 0) withoutThing += 1;
    else found.set(one.resource, { ...one, things: [...known, ...taken] });
  }
  return { found: [...found.values()], partial, left, withoutThing };
}

function writeAside(check: string, count: number, what: string): string[] {
  return count > 0 ? [`${check}: ${count} ${count === 1 ? 'finding' : 'findings'} ${what}`] : [];
}

const whatToDo = 'What to do: docs/audit-findings.md';

/** Announced once, and again only if a later audit finds something else. */
async function publishAsides(text: string, { memory, operations, log }: Ports): Promise<void> {
  const told = await memory.loadTold();
  if (text !== '') log.warn('audit findings without a case', { text });
  if (text === (told?.value ?? '')) return;
  if (text !== '')
    await operations.notify('[Cordon] audit findings without a case', `${text}\n\n${whatToDo}`);
  await memory.saveTold(text, told?.version ?? 0);
}

async function inParts<T, R>(items: readonly T[], take: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let start = 0; start < items.length; start += atOnce)
    done.push(...(await Promise.all(items.slice(start, start + atOnce).map(take))));
  return done;
}
