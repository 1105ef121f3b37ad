import type { SQSRecord } from 'aws-lambda';
import type { SlackThread } from '../../shared/aws/table';
import { type Announcement, announcementSchema } from '../../shared/domain/announcement';
import type { Clock, DeadLetters, Log, Metrics, Versioned } from '../../shared/ports';
import type { Slack } from './slack';
import { writeReply, writeRootMessage } from './slack-message';

export interface NotifyPorts {
  /** Undefined where no Slack secret is stored: the function then only says so. */
  readonly slack: () => Promise<Slack | undefined>;
  readonly threads: {
    load(caseId: string): Promise<Versioned<SlackThread> | undefined>;
    save(caseId: string, thread: SlackThread, previous: number): Promise<number>;
  };
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A claim older than this was left by a crash: longer than the function may run, shorter than a redelivery. */
const claimMs = 30_000;

/** Shows an announcement in Slack: one thread per case, its root message always the newest state. */
export function notify(ports: NotifyPorts) {
  return async ({ body, messageId }: SQSRecord): Promise<void> => {
    const announcement = readAnnouncement(body);
    if (!announcement) {
      await ports.deadLetters.send(body, 'not an announcement', `notify:${messageId}`);
      return;
    }
    if (announcement.quiet) {
      ports.log.info('for other systems only', { id: announcement.id });
      return;
    }
    const slack = await ports.slack();
    if (!slack) {
      ports.log.warn('no Slack secret is stored, nothing sent', { id: announcement.id });
      return;
    }
    const sent =
      slack.kind === 'webhook'
        ? await postOnce(announcement, slack, ports)
        : await showInThread(announcement, slack, ports);
    if (sent) ports.metrics.count('SlackMessageSent');
    ports.log.info(sent ? 'shown in Slack' : 'shown before', { id: announcement.id });
  };
}

async function postOnce(
  announcement: Announcement,
  slack: Extract<Slack, { kind: 'webhook' }>,
  { threads }: NotifyPorts,
): Promise<boolean> {
  const { caseId, seq } = announcement;
  const known = await threads.load(caseId);
  if (known && known.value.lastSeq >= seq) return false;
  await slack.post(writeRootMessage(announcement, slack.kind));
  await threads.save(caseId, { channel: '', ts: '', lastSeq: seq }, known?.version ?? 0);
  return true;
}

async function showInThread(
  announcement: Announcement,
  slack: Extract<Slack, { kind: 'bot' }>,
  ports: NotifyPorts,
): Promise<boolean> {
  const { threads } = ports;
  const { caseId, seq } = announcement;
  const known = await threads.load(caseId);
  if (!known || known.value.ts === '') return openThread(announcement, slack, known, ports);
  const { channel, ts, lastSeq } = known.value;
  if (seq === lastSeq) return false;
  // Older news joins the thread, but must not overwrite the newest state. What may be repeated comes first, so that a
  // failure in between repeats no reply.
  if (seq > lastSeq) await slack.update(writeRootMessage(announcement, slack.kind), channel, ts);
  await slack.post(writeReply(announcement), ts);
  if (seq < lastSeq) return true;
  await threads.save(caseId, { channel, ts, lastSeq: seq }, known.version);
  return true;
}

/**
 * Posts the root message. The thread is claimed before, because two announcements of a case may be handled at once and
 * Slack would take both as new; who comes second is delivered again and finds the thread.
 */
async function openThread(
  announcement: Announcement,
  slack: Extract<Slack, { kind: 'bot' }>,
  known: Versioned<SlackThread> | undefined,
  { threads, clock }: NotifyPorts,
): Promise<boolean> {
  const { caseId, seq } = announcement;
  const claimedAt = clock();
  if (known && claimedAt - (known.value.claimedAt ?? 0) < claimMs)
    throw new Error('another announcement of the case is opening its thread');
  const claim: SlackThread = { channel: '', ts: '', lastSeq: 0, claimedAt };
  const version = await threads.save(caseId, claim, known?.version ?? 0);
  // Where Slack refuses, the claim is given back at once, so that the next delivery need not wait.
  const posted = await slack.post(writeRootMessage(announcement, slack.kind)).catch(async (error) => {
    await threads.save(caseId, { ...claim, claimedAt: 0 }, version);
    throw error;
  });
  await threads.save(caseId, { ...posted, lastSeq: seq }, version);
  return true;
}

function readAnnouncement(body: string): Announcement | undefined {
  try {
    const result = announcementSchema.safeParse(JSON.parse(body));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
