import type { Case } from '../../shared/domain/case/case';
import { owesNews } from '../../shared/domain/case/outbox';
import type { KnownAlarm } from '../../shared/domain/detection/reset';
import { type AnnouncementContext, writeAnnouncement } from '../../shared/domain/messages/announcement';
import { deviceNoticeFor, deviceNoticeTopic } from '../../shared/domain/messages/device-notice';
import { isForDigest } from '../../shared/domain/messages/digest';
import { findStormBehavior, isCovered } from '../../shared/domain/messages/storm';
import { isRefusal } from '../../shared/errors';
import type { Announcer, KillSwitchReader } from '../../shared/ports/aws';
import type { Log } from '../../shared/ports/runtime';
import type { CaseStore, DetectionReset, JoinStorm, Versioned } from '../../shared/ports/storage';
import type { ActionPorts } from './perform';
import { save } from './perform-steps';

export interface OutboxPorts extends Pick<ActionPorts, 'connections' | 'defender' | 'clock'> {
  readonly cases: CaseStore;
  readonly detection: DetectionReset;
  readonly killSwitch: KillSwitchReader;
  readonly announcer: Announcer;
  readonly context: AnnouncementContext;
  /** Undefined: each case has a message of its own. */
  readonly storms?: JoinStorm | undefined;
  readonly log: Log;
}

/** More than one command adds. */
const manyRows = 50;

/** Sends the case's outbox, then clears it. Receivers recognize repeats by their id. */
export async function flush(
  { value: record, version }: Versioned<Case>,
  ports: OutboxPorts,
): Promise<Versioned<Case>> {
  if (!owesNews(record)) return { value: record, version };
  const { falsePositives = [], ...outbox } = record.outbox;
  const { timeline, announcements } = outbox;
  const row =
    timeline.length > 0
      ? { timelineHead: await ports.cases.appendTimeline(record), timelineSeq: record.timelineSeq + 1 }
      : {};
  let told: Pick<Case, 'toldTo' | 'storm'>;
  try {
    told = await publishAnnouncements(record, ports);
    await inform(record, ports);
    for (const violationId of falsePositives) await label(violationId, ports);
  } catch (error) {
    // The rows are in the table already. While nothing can be sent, more and more would wait, and fill the case's item.
    if (timeline.length >= manyRows)
      await save({ ...record, ...row, outbox: { ...record.outbox, timeline: [] } }, version, ports);
    throw error;
  }
  const now = ports.clock();
  const isForNext = ports.context.digests && announcements.some(isForDigest);
  const sent: Case = {
    ...{ ...record, ...row, ...told },
    // The digest finds it by both times.
    ...(isForNext && { digestAt: now, updatedAt: now }),
    outbox: { ...outbox, announcements: [], timeline: [] },
  };
  if (sent.status === 'closed') {
    await ports.cases.archive(sent);
    // The detector raises an alarm once. For a thing that is still out of bounds, it must raise the alarm again.
    await ports.detection.reset(sent.thingName, ports.clock(), findHoldEnd(sent), listKnown(sent));
  }
  return save(sent, version, ports);
}

/** Publishes the announcements. Returns the channels that have shown the case so far, and its storm. */
async function publishAnnouncements(
  record: Case,
  ports: OutboxPorts,
): Promise<Pick<Case, 'toldTo' | 'storm'>> {
  const killSwitch = await ports.killSwitch();
  let { toldTo } = record;
  let storm = await findStorm(record, ports);
  const isTold = await isToldByStorm(record, storm, ports);
  for (const pending of record.outbox.announcements) {
    const known = toldTo ? { ...record, toldTo } : record;
    const quiet = isTold && !storm?.apart && isCovered(pending.kind);
    const news = quiet ? { ...pending, quiet } : pending;
    const written = writeAnnouncement(known, news, killSwitch, ports.context);
    await ports.announcer.publish(written);
    if (written.quiet) continue;
    toldTo = written.channels;
    // A channel that showed the case in a message of its own also shows how the case ends.
    storm &&= { ...storm, apart: true };
  }
  return { ...(toldTo && { toldTo }), ...(storm && { storm }) };
}

/**
 * A new case joins a storm with its first announcement. Cordon has acted on the case by then, so messages never delay
 * that.
 */
async function findStorm(record: Case, { storms, context }: OutboxPorts): Promise<Case['storm']> {
  const { thingName, caseId, openedAt } = record;
  if (record.timelineSeq > 0 || !storms) return record.storm;
  const behavior = findStormBehavior(record, context.digests);
  const id = behavior && (await storms.join(behavior, { thingName, caseId, at: openedAt }));
  return id ? { id, behavior } : undefined;
}

/** Asked for only if it makes a difference. */
async function isToldByStorm(
  { timelineSeq, outbox: { announcements } }: Case,
  storm: Case['storm'],
  { storms }: OutboxPorts,
): Promise<boolean> {
  if (!storms || !storm || storm.apart) return false;
  if (!announcements.some(({ kind, quiet }) => !quiet && isCovered(kind))) return false;
  return timelineSeq === 0 || storms.covers(storm);
}

/** When the release of the thing began; undefined if there was no containment. A temporary deactivation ends before. */
function findHoldEnd({ ledger }: Case): number | undefined {
  const undone = ledger.flatMap(({ revertedAt, temporary }) => (temporary ? [] : (revertedAt ?? [])));
  return undone.length > 0 ? Math.min(...undone) : undefined;
}

/** The case's own violations, as far as it knows them. */
function listKnown({ caseId, violations }: Case): KnownAlarm[] {
  return Object.values(violations).flatMap((one) =>
    one.caseId === caseId ? { violationId: one.violationId, at: one.lastEventAt } : [],
  );
}

/** Publishes the device's status as a retained message, which it receives at each connect. People are notified before. */
async function inform(record: Case, { connections, log }: OutboxPorts): Promise<void> {
  const notice = deviceNoticeFor(record, record.outbox.announcements);
  if (!notice) return;
  const { thingName } = record;
  try {
    await connections.publish(deviceNoticeTopic(thingName), JSON.stringify(notice), { retain: true });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.warn('the device was not notified', { thingName, reason: error.message });
  }
}

/** This is only a label, so a violation that Device Defender no longer knows must not delay anything. */
async function label(violationId: string, { defender, log }: OutboxPorts): Promise<void> {
  try {
    await defender.markFalsePositive(violationId);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.warn('the violation was not marked as a false positive', { violationId, reason: error.message });
  }
}
