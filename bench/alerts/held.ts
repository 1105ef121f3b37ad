import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AddThingToThingGroupCommand } from '@aws-sdk/client-iot';
import type { PriorState } from '../../shared/domain/actions/registry';
import type { Case, ContainedCase, ContainingCase } from '../../shared/domain/case/case';
import { mostResumedAMinute } from '../../shared/domain/case/timers';
import { describeReason } from '../../shared/domain/messages/describe-reason';
import { thingKey } from '../../shared/domain/thing-ref';
import { type Latency, latencyHead, latencyRow, summarize, writeProblems, writeTable } from '../figures';
import { tableOf, waitForCase } from './cases';
import { inParallel } from './in-parallel';
import type { Service } from './service';
import { anAlert, type DeviceFiles, enroll, publishAtOnce } from './traffic';

export interface HeldResult {
  readonly held: number;
  readonly minutes: number;
  /** From the time when work left half done is due until respond has begun it. */
  readonly urgent: Latency;
  /** Held things that were verified again meanwhile, and those that are overdue still. */
  readonly verified: number;
  readonly overdue: number;
  readonly problems: readonly string[];
}

const urgentEveryMs = 7_000;
const barMs = 61_000;
const atOnce = 12;

/** Makes held things in the table, all of them overdue, then leaves containments half done, and waits for the sweep's own runs. */
export async function measureHeld(
  service: Service,
  held: number,
  minutes: number,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<HeldResult> {
  const { cases } = tableOf(service);
  const names = Array.from({ length: held }, (_, index) => `held${index}`);
  // The oldest are due first: more than the sweep can get to need no certificate.
  const real = names.slice(0, mostResumedAMinute * (minutes + 1));
  const urgentNames = Array.from(
    { length: (minutes * 60_000) / urgentEveryMs + 1 },
    (_, index) => `urgent${index}`,
  );
  say(
    `${real.length} held things are made in the registry, ${held} in the table, all of them due to be verified again`,
  );
  const files = await enroll(service, [...real, ...urgentNames, 'template'], signal);
  const template = await containOne(service, signal);
  const { iot, outputs } = service;
  const notYetAt = Date.now() + 86_400_000;
  await inParallel(real, atOnce, async (thingName) => {
    // The case comes first: what is in the group without one is drift, which the sweep opens a case for.
    await cases.save(copy(template, thingName, files, { dueAt: notYetAt }), 0);
    const group = { thingName, thingGroupName: outputs.QuarantineGroup };
    await iot.send(new AddThingToThingGroupCommand(group));
  });
  const overdueAt = Date.now() - 3_600_000;
  await inParallel(names, atOnce, async (thingName) => {
    signal.throwIfAborted();
    const index = Number(thingName.slice('held'.length));
    const record = copy(template, thingName, files, { dueAt: overdueAt + index });
    await cases.save(record, index < real.length ? 1 : 0);
  });
  const madeAt = Date.now();
  const took: number[] = [];
  const problems: string[] = [];
  const waiting: Promise<void>[] = [];
  for (const thingName of urgentNames) {
    const dueAt = Date.now();
    await cases.save(leaveHalfDone(copy(template, thingName, files, { dueAt, updatedAt: dueAt })), 0);
    waiting.push(
      waitUntilBegun(service, thingName, dueAt, signal).then((ms) => {
        took.push(ms);
        if (ms > barMs) problems.push(`${thingName} was begun ${ms} ms after it was due`);
        say(
          `${((Date.now() - madeAt) / 1_000).toFixed(0)} s: ${thingName} begun after ${(ms / 1_000).toFixed(1)} s`,
        );
      }),
    );
    await delay(urgentEveryMs, undefined, { signal });
  }
  await Promise.all(waiting);
  let verified = 0;
  await inParallel(names, atOnce, async (thingName) => {
    const record = (await cases.load(thingKey(thingName)))?.value;
    if ((record?.dueAt ?? 0) > madeAt) verified += 1;
    if (record?.status !== 'contained')
      problems.push(`${thingName} is ${record?.status}: ${record?.reason && describeReason(record.reason)}`);
  });
  return { held, minutes, urgent: summarize(took), verified, overdue: held - verified, problems };
}

async function containOne(service: Service, signal: AbortSignal): Promise<ContainedCase> {
  await publishAtOnce(service, [anAlert('template', 'no-child-processes', Date.now())], new Map(), signal);
  const isDone = ({ status, outbox }: Case) => status === 'contained' && outbox.timeline.length === 0;
  const found = await waitForCase(service, 'template', isDone, { signal });
  if (found.status !== 'contained') throw new Error(`the template is ${found.status}`);
  return found;
}

/** The same case of another thing. */
function copy(
  template: ContainedCase,
  thingName: string,
  files: ReadonlyMap<string, DeviceFiles>,
  over: Partial<Pick<ContainedCase, 'dueAt' | 'updatedAt'>>,
): ContainedCase {
  const { certificateArn } = files.get(thingName) ?? {};
  const own = certificateArn ? [certificateArn] : [];
  const prior = (before: PriorState): PriorState => {
    // Ten thousand holders of one certificate would be another matter.
    if (before.action === 'deny-certificate')
      return { ...before, certificates: own.map((arn) => ({ arn, attachedBefore: false })) };
    return {
      ...before,
      ...('principals' in before && { principals: own }),
      ...('clientIds' in before && { clientIds: [thingName] }),
    };
  };
  return {
    ...template,
    ...{
      thingName: thingKey(thingName),
      caseId: createHash('sha256').update(thingName).digest('hex').slice(0, 24),
    },
    ...{ timelineHead: '', timelineSeq: 0 },
    ledger: template.ledger
      .filter(({ temporary }) => !temporary)
      .map((entry) => ({ ...entry, prior: prior(entry.prior) })),
    ...over,
  };
}

function leaveHalfDone(record: ContainedCase): ContainingCase {
  // As planned a moment ago: the first time that an entry was applied is kept for good.
  const ledger = record.ledger.map(({ appliedAt: _appliedAt, verifiedAt: _verifiedAt, ...entry }) => ({
    ...entry,
    status: 'planned' as const,
  }));
  const { containedAt: _containedAt, ...rest } = record;
  return { ...rest, status: 'containing', ledger };
}

async function waitUntilBegun(
  service: Service,
  thingName: string,
  dueAt: number,
  signal: AbortSignal,
): Promise<number> {
  const begunAt = ({ ledger }: Case) => Math.max(...ledger.map(({ appliedAt }) => appliedAt ?? 0));
  const isBegun = (record: Case) => begunAt(record) >= dueAt;
  return begunAt(await waitForCase(service, thingName, isBegun, { signal, everyMs: 1_000 })) - dueAt;
}

export function writeHeldResult({ held, minutes, urgent, verified, overdue, problems }: HeldResult): string {
  return [
    `${held} held things, ${minutes} minutes of the sweep: ${verified} verified again, ${overdue} overdue still`,
    '',
    writeTable(latencyHead, [latencyRow('left half done: due to begun', urgent)]),
    '',
    writeProblems(problems, 'everything urgent was begun in time, everything held is contained'),
  ].join('\n');
}
