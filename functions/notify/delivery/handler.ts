import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type Announcement, announcementSchema } from '../../../shared/domain/messages/announcement-schema';
import { audienceOf } from '../../../shared/domain/messages/audience';
import { eachRecord } from '../../../shared/lambda';
import type { Channel } from './channel';
import { type DeliverPorts, deliver } from './deliver';
import { add, change } from './pending';

export interface NotifyPorts extends DeliverPorts {
  /** The channel, as cordon.yml calls it. */
  readonly channel: string;
  /** Who the channel is for: people do not get announcements that are for other systems only. */
  readonly audience: 'people' | 'everyone';
  /** Undefined if the channel's secret is not stored. */
  readonly connect: () => Promise<Channel | undefined>;
}

/**
 * Shows announcements in a channel. Each announcement is stored first, so that its message leaves the queue even while the
 * service accepts nothing; only the newest state of a case is shown. Each minute, pending states are retried.
 */
export function notify(ports: NotifyPorts) {
  return async (event: SQSEvent | object, context: Context): Promise<SQSBatchResponse | undefined> => {
    if (!('Records' in event)) {
      await deliverLeftOver(ports);
      return undefined;
    }
    const stored: string[] = [];
    const storeNext = async (record: SQSRecord) => {
      const caseId = await store(record, ports);
      if (caseId !== undefined) stored.push(caseId);
    };
    const answer = await eachRecord(storeNext, ports.log, { inOrder: true })(event, context);
    await deliverNow(stored, ports);
    return answer;
  };
}

/** One read in a minute in which nothing waits. */
async function deliverLeftOver(ports: NotifyPorts): Promise<void> {
  if ((await ports.states.listDue(ports.clock(), 1)).length === 0) return;
  const channel = await connect(ports);
  if (channel) await deliver(ports, channel, [], { wait: true });
}

/** Waiting states are kept until a secret is stored, and the alarm stays on until then. */
async function connect({ connect: open, title, log, metrics }: NotifyPorts): Promise<Channel | undefined> {
  const channel = await open().catch((error: unknown) => {
    log.error(`the secret of ${title} could not be read`, { error });
    throw error;
  });
  if (channel) return channel;
  metrics.count('MessageRefused');
  log.error(`no secret of ${title} is stored: the waiting messages are shown once there is one`);
  return undefined;
}

/** The messages have left the queue: a state that fails here is retried within a minute. */
async function deliverNow(stored: readonly string[], ports: NotifyPorts): Promise<void> {
  if (stored.length === 0) return;
  try {
    const channel = await connect(ports);
    if (channel) await deliver(ports, channel, stored);
  } catch (error) {
    ports.log.error(`not shown in ${ports.title} now, the next run continues`, { error });
  }
}

/** Gives the id of the case that has something new to show. */
async function store({ body, messageId }: SQSRecord, ports: NotifyPorts): Promise<string | undefined> {
  const announcement = readAnnouncement(body);
  if (!announcement) {
    await ports.deadLetters.send(body, 'not an announcement', `${ports.functionName}:${messageId}`);
    return undefined;
  }
  const { id, caseId } = announcement;
  if (audienceOf(announcement) === 'heartbeat') {
    ports.metrics.time('HeartbeatMs', Math.max(0, ports.clock() - announcement.at));
    return undefined;
  }
  if (announcement.quiet && ports.audience === 'people') {
    ports.log.info('not shown to people: the message is for other systems only', { id });
    return undefined;
  }
  if (announcement.cases && ports.audience === 'everyone') {
    ports.log.info('not shown to other systems: they have received each case of this message by itself', {
      id,
    });
    return undefined;
  }
  if (ports.audience === 'people' && announcement.channels?.includes(ports.channel) === false) {
    ports.log.info('not shown: the message is routed to other channels', { id });
    return undefined;
  }
  const isNew = await change(ports, caseId, (state) => add(state, announcement, ports.clock()));
  if (!isNew) ports.log.info('not shown: it was shown before, or is older than the shown state', { id });
  return isNew ? caseId : undefined;
}

function readAnnouncement(body: string): Announcement | undefined {
  try {
    const result = announcementSchema.safeParse(JSON.parse(body));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
