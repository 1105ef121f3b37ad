import { setTimeout as delay } from 'node:timers/promises';
import { connectCommands } from '../../shared/aws/commands';
import type { Case } from '../../shared/domain/case/case';
import { thingKey } from '../../shared/domain/thing-ref';
import { connectTable } from '../../shared/storage/table';
import type { Service } from './service';

type Stack = Pick<Service, 'dynamodb' | 'outputs'>;

export function tableOf({ dynamodb, outputs }: Stack): ReturnType<typeof connectTable> {
  return connectTable(outputs.TableName ?? '', dynamodb);
}

/** The case of a thing, if it has one. */
export async function loadCase(stack: Stack, thingName: string): Promise<Case | undefined> {
  return (await tableOf(stack).cases.load(thingKey(thingName)))?.value;
}

/** Waits until the case of a thing is as wanted, and returns it. */
export async function waitForCase(
  stack: Stack,
  thingName: string,
  isReached: (record: Case) => boolean,
  { signal, everyMs = 250 }: { readonly signal: AbortSignal; readonly everyMs?: number },
): Promise<Case> {
  for (;;) {
    const record = await loadCase(stack, thingName);
    if (record && isReached(record)) return record;
    await delay(everyMs, undefined, { signal });
  }
}

/** Releases the thing of a contained case, once however often it is asked. */
export async function release(
  { sqs, outputs }: Pick<Service, 'sqs' | 'outputs'>,
  { thingName, caseId, containedAt }: Pick<Case, 'thingName' | 'caseId' | 'containedAt'>,
): Promise<void> {
  const commands = connectCommands(outputs.CommandsQueueUrl ?? '', sqs);
  await commands.send(
    { type: 'release', thingName, actor: 'bench', force: true },
    `release-${caseId}-${containedAt}`,
  );
}
