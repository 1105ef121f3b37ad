import type { SQSRecord } from 'aws-lambda';
import type { SlackThread } from '../../shared/aws/table';
import { type Announcement, announcementSchema } from '../../shared/domain/announcement';
import type { DeadLetters, Log, Metrics, Versioned } from '../../shared/ports';
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
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Shows an announcement in Slack: one thread per case, its root message always the newest state. */
export function notify(ports: NotifyPorts) {
  return async ({ body, messageId }: SQSRecord): Promise<void> => {
    const announcement = readAnnouncement(body);
    if (!announcement) {
      await ports.deadLetters.send(body, 'not an announcement', `notify:${messageId}`);
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
  await slack.post(writeRootMessage(announcement));
  await threads.save(caseId, { channel: '', ts: '', lastSeq: seq }, known?.version ?? 0);
  return true;
}

async function showInThread(
  announcement: Announcement,
  slack: Extract<Slack, { kind: 'bot' }>,
  { threads }: NotifyPorts,
): Promise<boolean> {
  const { caseId, seq } = announcement;
  const known = await threads.load(caseId);
  if (!known) {
    const { channel, ts } = await slack.post(writeRootMessage(announcement));
    await threads.save(caseId, { channel, ts, lastSeq: seq }, 0);
    return true;
  }
  const { channel, ts, lastSeq } = known.value;
  if (seq === lastSeq) return false;
  await slack.post(writeReply(announcement), ts);
  // Older news joins the thread, but must not overwrite the newest state.
  if (seq < lastSeq) return true;
  await slack.update(writeRootMessage(announcement), channel, ts);
  await threads.save(caseId, { channel, ts, lastSeq: seq }, known.version);
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
