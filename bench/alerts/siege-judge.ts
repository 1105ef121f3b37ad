import { setTimeout as delay } from 'node:timers/promises';
import { ListThingGroupsForThingCommand } from '@aws-sdk/client-iot';
import { checkChain } from '../../cli/cases/verify';
import type { Case } from '../../shared/domain/case/case';
import { describeReason } from '../../shared/domain/messages/describe-reason';
import { thingKey } from '../../shared/domain/thing-ref';
import { tableOf } from './cases';
import { countMessages, isDeadEnd } from './queues';
import type { Service } from './service';
import { readSlack } from './slack-messages';

export const phases = ['quiet', 'attacked', 'attackedAndKilled'] as const;
export type Phase = (typeof phases)[number];

/** A thing that misbehaves once. */
export interface Honest {
  readonly thingName: string;
  readonly phase: Phase;
  readonly sentAt: number;
  /** Given back at once, or left contained. */
  readonly isReleased: boolean;
}

/** A killed invocation's message comes again after the function's time-out, some of them twice. */
const patienceMs = 5 * 60_000;

/** Waits for the expected state, then names the differences. */
export async function judgeSiege(
  service: Service,
  honest: readonly Honest[],
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const problems = await findProblems(service, honest);
    if (problems.length === 0 || Date.now() > until) return problems;
    say(`${problems.length} not yet as they must be, such as: ${problems[0]}`);
    await delay(10_000, undefined, { signal });
  }
}

async function findProblems(service: Service, honest: readonly Honest[]): Promise<string[]> {
  const { cases, history } = tableOf(service);
  const { roots } = await readSlack(service);
  const found: string[] = [];
  for (const one of honest) {
    const { thingName, isReleased } = one;
    const record = (await cases.load(thingKey(thingName)))?.value;
    const say = (text: string) => void found.push(`${thingName} (${one.phase}): ${text}`);
    if (!record) {
      say('has no case');
      continue;
    }
    if (record.status !== (isReleased ? 'closed' : 'contained'))
      say(`is ${record.status}: ${record.reason && describeReason(record.reason)}`);
    if ((await isQuarantined(service, thingName)) === isReleased)
      say(`is ${isReleased ? 'still' : 'not'} in quarantine`);
    const rows = await history.readTimeline(record.caseId);
    for (const fault of checkChain(record, rows, Date.now()).faults) say(`its timeline: ${fault}`);
    const own = roots.get(thingName) ?? [];
    if (own.length === 0) say('Slack shows nothing');
    const newest = own.at(-1);
    const saysSo = JSON.stringify(newest?.blocks ?? []).includes('has an earlier message of it');
    // A killed run may leave an old message in the queue, which the next run reports as out of date.
    for (const root of own)
      if (!isSo(root.text, record) && (root === newest || !saysSo))
        say(`Slack shows: ${root.text.slice(0, 90)}`);
  }
  for (const [queue, count] of Object.entries(await countMessages(service)))
    if (count > 0 && isDeadEnd(queue) && !queue.endsWith('rejected'))
      found.push(`${count} messages ended in ${queue}`);
  return found;
}

/** What a message says about the case, or that it is out of date. */
function isSo(text: string, { status }: Case): boolean {
  return status === 'closed' ? text.includes(': released') : text.includes(': contained');
}

async function isQuarantined({ iot, outputs }: Service, thingName: string): Promise<boolean> {
  const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName }));
  return thingGroups.some(({ groupName }) => groupName === outputs.QuarantineGroup);
}
