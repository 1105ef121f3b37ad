import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { type Case, holdsThing, isOpen } from '../shared/domain/case';
import { isRegistryName } from '../shared/domain/names';
import { waitForCase } from './cases';
import { CliError } from './cli-error';
import type { Target } from './target';

export type Act = 'contain' | 'approve' | 'release' | 'dismiss';

export interface ActOptions {
  readonly comment?: string;
  readonly actor?: string;
  readonly waitSeconds: number;
}

/** What must be true before the command makes sense, and the case it ends in. */
const acts: Readonly<
  Record<
    Act,
    { refuse(record: Case | undefined): string | undefined; reached: readonly string[]; done: string }
  >
> = {
  contain: {
    refuse: (record) =>
      isOpen(record) && holdsThing(record) ? `is already held (${record.status})` : undefined,
    reached: ['contained'],
    done: 'is contained, and the denial is verified',
  },
  approve: {
    refuse: (record) =>
      record?.status === 'awaiting-approval' ? undefined : 'has nothing that awaits approval',
    reached: ['contained'],
    done: 'is contained, and the denial is verified',
  },
  release: {
    refuse: (record) => (isOpen(record) && record.ledger.length > 0 ? undefined : 'is not contained'),
    reached: ['closed'],
    done: 'is released: everything is as it was before',
  },
  dismiss: {
    refuse: (record) =>
      !isOpen(record)
        ? 'has no open case'
        : holdsThing(record)
          ? `is held (${record.status}): release it first`
          : undefined,
    reached: ['closed'],
    done: 'has no open case any more',
  },
};

/** Sends an operator's command and waits for what becomes of it. Throws where it isn't reached. */
export async function act(
  name: Act,
  thingName: string,
  options: ActOptions,
  target: Target,
): Promise<string> {
  if (!isRegistryName(thingName)) throw new CliError(`${JSON.stringify(thingName)} is not a thing name`);
  const before = (await target.cases.load(thingName))?.value;
  const { refuse, reached, done } = acts[name];
  const refusal = refuse(before);
  if (refusal) throw new CliError(`${thingName} ${refusal}`);
  const actor = options.actor ?? userInfo().username;
  const commands = await target.openCommands();
  await commands.send({ type: name, thingName, actor, comment: options.comment }, randomUUID());
  const ended = (record: Case | undefined) =>
    record !== undefined &&
    record.updatedAt !== before?.updatedAt &&
    [...reached, 'release-conflict', 'containment-failed'].includes(record.status) &&
    record.outbox.timeline.length === 0;
  const after = await waitForCase(thingName, target, ended, options.waitSeconds * 1_000);
  if (after && reached.includes(after.status) && ended(after)) return `${thingName} ${done}.`;
  if (after && ended(after)) throw new CliError(`${thingName} is in ${after.status}: ${after.reason ?? ''}`);
  throw new CliError(
    `${thingName} is still ${after?.status ?? 'without a case'} after ${options.waitSeconds} s; it goes on by itself: cordon show ${thingName}`,
  );
}
