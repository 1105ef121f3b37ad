import { setTimeout as delay } from 'node:timers/promises';
import { type Latency, latencyHead, latencyRow, summarize, writeTable } from '../figures';
import { release, waitForCase } from './cases';
import { countMessages, isDeadEnd } from './queues';
import type { Service } from './service';
import { readSlack, type SlackMessage } from './slack-messages';
import { anAlert, enroll, publishAtOnce } from './traffic';

export interface SlackResult {
  readonly things: number;
  /** From the end of the last case until Slack showed the newest state of all. */
  readonly seconds: number;
  /** From the closing of each case until its message said so. */
  readonly shown: Latency;
  readonly messages: number;
  readonly problems: readonly string[];
}

const lateMs = 5 * 60_000;
const patienceMs = 15 * 60_000;

/** Contains and releases things at once, while Slack takes one message a second, and waits until Slack shows the end of each. */
export async function measureSlack(
  service: Service,
  things: number,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<SlackResult> {
  const names = Array.from({ length: things }, (_, index) => `told${index}`);
  await enroll(service, names, signal);
  await service.control('POST', 'slack/pace', { real: true });
  const waitFor = (thingName: string, status: string) =>
    waitForCase(service, thingName, (record) => record.status === status, { signal });
  say(`${things} things are contained and released at once; Slack takes one message a second`);
  await publishAtOnce(
    service,
    names.map((name) => anAlert(name, 'no-child-processes', Date.now())),
    new Map(),
    signal,
  );
  const closedAt = new Map(
    await Promise.all(
      names.map(async (thingName) => {
        await release(service, await waitFor(thingName, 'contained'));
        return [thingName, (await waitFor(thingName, 'closed')).updatedAt] as const;
      }),
    ),
  );
  const lastAt = Math.max(...closedAt.values());
  const isShown = ({ text }: SlackMessage, thingName: string) =>
    text.includes(` ${thingName}: `) && text.includes(': released');
  for (;;) {
    const { roots } = await readSlack(service);
    const left = names.filter((name) => !(roots.get(name) ?? []).some((root) => isShown(root, name)));
    const waitedMs = Date.now() - lastAt;
    say(
      `${(waitedMs / 1_000).toFixed(0)} s after the last release: ${things - left.length} of ${things} shown`,
    );
    if (left.length === 0 || waitedMs > patienceMs) break;
    await delay(10_000, undefined, { signal });
  }
  return judge(service, closedAt, isShown);
}

async function judge(
  service: Service,
  closedAt: ReadonlyMap<string, number>,
  isShown: (root: SlackMessage, thingName: string) => boolean,
): Promise<SlackResult> {
  const { messages, roots } = await readSlack(service);
  const counts = await countMessages(service);
  const problems: string[] = [];
  const took: number[] = [];
  for (const [thingName, at] of closedAt) {
    const own = roots.get(thingName) ?? [];
    if (own.length !== 1) problems.push(`${thingName} has ${own.length} messages`);
    const stale = own.filter((root) => !isShown(root, thingName));
    problems.push(...stale.map(({ text }) => `${thingName} is free, and Slack shows: ${text.slice(0, 80)}`));
    const [root] = own;
    if (root) took.push(Math.max(0, (root.updates.at(-1)?.at ?? root.at) - at));
  }
  const shown = summarize(took);
  if (shown.maxMs > lateMs) problems.push(`a newest state was shown ${shown.maxMs} ms late`);
  for (const [queue, count] of Object.entries(counts))
    if (count > 0 && isDeadEnd(queue)) problems.push(`${count} messages ended in ${queue}`);
  const lastAt = Math.max(...closedAt.values());
  const lastShown = Math.max(...[...roots.values()].flat().map((root) => root.updates.at(-1)?.at ?? root.at));
  return {
    things: closedAt.size,
    seconds: (lastShown - lastAt) / 1_000,
    shown,
    messages: messages.length,
    problems,
  };
}

export function writeSlackResult({ things, seconds, shown, messages, problems }: SlackResult): string {
  return [
    `${things} containments and releases, ${messages} messages; the last state was shown ${seconds.toFixed(0)} s after the last release`,
    '',
    writeTable(latencyHead, [latencyRow('case closed to shown as released', shown)]),
    '',
    ...(problems.length === 0
      ? ['every newest state is shown, and no message ended in a dead-letter queue']
      : problems),
  ].join('\n');
}
