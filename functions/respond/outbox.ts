import { type Case, owesNews } from '../../shared/domain/case/case';
import { type Surroundings, writeAnnouncement } from '../../shared/domain/messages/announcement';
import { deviceNoticeFor, deviceNoticeTopic } from '../../shared/domain/messages/device-notice';
import { isForDigest } from '../../shared/domain/messages/digest';
import { isRefusal } from '../../shared/errors';
import type {
  Announcer,
  CaseStore,
  DetectionReset,
  KillSwitchReader,
  Log,
  Versioned,
} from '../../shared/ports';
import type { ActionPorts } from './perform';
import { save } from './perform-steps';

export interface OutboxPorts extends Pick<ActionPorts, 'connections' | 'defender' | 'clock'> {
  readonly cases: CaseStore;
  readonly detection: DetectionReset;
  readonly killSwitch: KillSwitchReader;
  readonly announcer: Announcer;
  readonly surroundings: Surroundings;
  readonly log: Log;
}

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
  const killSwitch = await ports.killSwitch();
  let { toldTo } = record;
  for (const pending of announcements) {
    const told = toldTo ? { ...record, toldTo } : record;
    const written = writeAnnouncement(told, pending, killSwitch, ports.surroundings);
    await ports.announcer.publish(written);
    if (!written.quiet) toldTo = written.channels;
  }
  await inform(record, ports);
  for (const violationId of falsePositives) await label(violationId, ports);
  const now = ports.clock();
  const isForNext = ports.surroundings.digests && announcements.some(isForDigest);
  const sent: Case = {
    ...{ ...record, ...row, ...(toldTo && { toldTo }) },
    // The digest finds it by both times.
    ...(isForNext && { digestAt: now, updatedAt: now }),
    outbox: { ...outbox, announcements: [], timeline: [] },
  };
  if (sent.status === 'closed') {
    await ports.cases.archive(sent);
    // The detector raises an alarm once. For a thing that is still out of bounds, it must raise the alarm again.
    await ports.detection.reset(sent.thingName, ports.clock(), findHoldEnd(sent));
  }
  return save(sent, version, ports);
}

/** When the release of the thing began; undefined where there was no containment. */
function findHoldEnd({ ledger }: Case): number | undefined {
  const undone = ledger.flatMap(({ revertedAt }) => revertedAt ?? []);
  return undone.length > 0 ? Math.min(...undone) : undefined;
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
    log.warn('the device was not told', { thingName, reason: error.message });
  }
}

/** Only a label: a violation that Device Defender no longer knows must not delay anything. */
async function label(violationId: string, { defender, log }: OutboxPorts): Promise<void> {
  try {
    await defender.markFalsePositive(violationId);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.warn('not marked as a false positive', { violationId, reason: error.message });
  }
}
