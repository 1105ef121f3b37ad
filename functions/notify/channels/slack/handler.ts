import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type Announcement, announcementSchema } from '../../../../shared/domain/messages/announcement';
import { eachRecord } from '../../../../shared/lambda';
import type { DeadLetters } from '../../../../shared/ports';
import type { Slack } from './client';
import { type DeliverPorts, deliver } from './deliver';
import { add, change } from './pending';

export interface NotifyPorts extends DeliverPorts {
  /** Undefined where no Slack secret is stored: the function then only says so. */
  readonly slack: () => Promise<Slack | undefined>;
  readonly deadLetters: DeadLetters;
}

/**
 * Shows announcements in Slack. What has to be shown is stored first, so that a message is done with however long Slack
 * takes nothing; of a case only the newest state counts. Each minute, what is left over is shown.
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
  const slack = await ports.slack();
  if (!slack || (await ports.states.listDue(ports.clock(), 1)).length === 0) return;
  await deliver(ports, slack, [], { wait: true });
}

/** The messages are done with: what fails here is shown within a minute. */
async function deliverNow(stored: readonly string[], ports: NotifyPorts): Promise<void> {
  if (stored.length === 0) return;
  try {
    const slack = await ports.slack();
    if (slack) await deliver(ports, slack, stored);
  } catch (error) {
    ports.log.error('not shown in Slack now, the next run goes on', { error });
  }
}

/** Gives the id of the case that has something new to show. */
async function store({ body, messageId }: SQSRecord, ports: NotifyPorts): Promise<string | undefined> {
  const announcement = readAnnouncement(body);
  if (!announcement) {
    await ports.deadLetters.send(body, 'not an announcement', `notify:${messageId}`);
    return undefined;
  }
  const { id, caseId } = announcement;
  if (announcement.quiet) {
    ports.log.info('for other systems only', { id });
    return undefined;
  }
  if (await isSlackOff(ports)) {
    ports.log.warn('no Slack secret is stored, nothing sent', { id });
    return undefined;
  }
  const isNew = await change(ports.states, caseId, (state) => add(state, announcement, ports.clock()));
  if (!isNew) ports.log.info('shown before, or older than what is', { id });
  return isNew ? caseId : undefined;
}

/** Where the secret can't be read at the moment, there may be one. */
async function isSlackOff({ slack, log }: NotifyPorts): Promise<boolean> {
  try {
    return (await slack()) === undefined;
  } catch (error) {
    log.error('the Slack secret could not be read', { error });
    return false;
  }
}

function readAnnouncement(body: string): Announcement | undefined {
  try {
    const result = announcementSchema.safeParse(JSON.parse(body));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
