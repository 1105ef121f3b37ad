import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import type { DeadLetters } from '../../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../../shared/ports/runtime';
import type { ChannelState, ChannelStates } from '../../../shared/storage/channel-states';
import { type Channel, ChannelRefusalError, type Paced } from './channel';
import { type Limits, OutOfTimeError, paceCalls } from './pace';
import { change, forgetPosting, putOff, settle } from './pending';
import { endTurn, leaveTurn, takeTurn } from './turn';

/** The parts of a channel that the delivery needs before it connects. */
interface ChannelTraits {
  /** Its name for people. */
  readonly title: string;
  readonly limits: Limits;
  /** The place of a case that the channel has not shown yet. */
  readonly nowhere: object;
}

export interface DeliverPorts extends ChannelTraits {
  /** The function that rejected messages name as their source. */
  readonly functionName: string;
  readonly deadLetters: DeadLetters;
  readonly states: ChannelStates;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
}

interface Run extends DeliverPorts {
  readonly channel: Channel;
  readonly call: Paced;
  readonly deadline: number;
  /** For the next turn. */
  readonly learned: { summarizedAt?: number; busyUntil?: number; memory: object };
  /** Cases in a row that could not be shown. */
  failures: number;
}

/**
 * A run starts no new work after this time. It is longer than a minute, so the next run already waits and continues at
 * once.
 */
const runMs = 75_000;
/** The function's timeout, so that two runs never send at once. */
const turnMs = 90_000;
/** More cases than this are shown in one message. */
const storm = 10;
const summarizeAgainMs = 5 * 60_000;
/** The list of pending cases is read again after this many. */
const roundSize = 10;
const maxListed = 500;
/** After this many failures in a row the fault is not in a case: the channel, its secret or the service is unavailable. */
const maxFailures = 3;
/** A state that is shown later than this is reported as late. */
const lateMs = 5 * 60_000;

/** Shows all pending states, these cases first. `wait`: until another run has finished. */
export async function deliver(
  ports: DeliverPorts,
  channel: Channel,
  cases: readonly string[],
  { wait = false }: { readonly wait?: boolean } = {},
): Promise<void> {
  const startedAt = ports.clock();
  const waitUntil = wait ? startedAt + runMs : 0;
  const turn = await takeTurn(ports, cases, startedAt + turnMs, waitUntil);
  if (!turn) return;
  const deadline = startedAt + runMs;
  const { summarizedAt, busyUntil, memory } = turn;
  const learned: Run['learned'] = { ...(summarizedAt !== undefined && { summarizedAt }), memory };
  const onBusy = (until: number) => {
    learned.busyUntil = until;
  };
  const run: Run = {
    ...ports,
    channel,
    deadline,
    call: paceCalls(ports, ports.limits, deadline, {
      ...(busyUntil !== undefined && { from: busyUntil }),
      onBusy,
    }),
    learned,
    failures: 0,
  };
  try {
    let asked: readonly string[] = [...turn.asked, ...cases];
    while (await showRound(run, asked)) asked = [];
    // Cases stored during the last read of this run.
    for (asked = await endTurn(run, run.learned); asked.length > 0; asked = await endTurn(run, run.learned))
      while (await showRound(run, asked)) asked = [];
  } catch (error) {
    await leaveTurn(run, run.learned);
    if (!(error instanceof OutOfTimeError)) throw error;
    await countLateMessage(run);
  }
}

/** Shows some cases; false if nothing was left to show. */
async function showRound(run: Run, asked: readonly string[]): Promise<boolean> {
  const { states, clock } = run;
  const due = [...new Set([...asked, ...(await states.listDue(clock(), maxListed))])];
  const brief = due.length > storm;
  if (brief) await summarize(due, run);
  let shown = 0;
  for (const caseId of due) {
    if (clock() >= run.deadline || run.failures >= maxFailures)
      throw new OutOfTimeError('left for the next run');
    if (await showCase(caseId, brief, run)) shown += 1;
    if (shown >= roundSize) break;
  }
  return shown > 0;
}

/** False if there is nothing to show: the list may lag behind. */
async function showCase(caseId: string, brief: boolean, run: Run): Promise<boolean> {
  const { title, states, channel, clock, learned, log, metrics } = run;
  const state = (await states.load(caseId))?.value;
  if (!state?.newest || (state.dueAt ?? 0) > clock()) return false;
  const { newest } = state;
  const lost = (reason: string) => {
    metrics.count('MessageRefused');
    log.error(`the message in ${title} is gone, posted again`, { caseId, reason });
  };
  let isNoted = state.posting === true;
  let hasPosted = false;
  const willPost = async () => {
    if (!isNoted) await change(run, caseId, (now) => ({ ...now, posting: true }));
    isNoted = true;
  };
  const call: Paced = async (act) => {
    const answer = await run.call(act);
    hasPosted = isNoted;
    return answer;
  };
  try {
    const { memory } = learned;
    const shown = await channel.show(newest, state, { call, brief, memory, lost, willPost });
    if (shown.memory) learned.memory = shown.memory;
    await change(run, caseId, (now) => settle(now, newest.seq, shown.place));
    run.failures = 0;
    metrics.count('MessageShown');
    log.info(`shown in ${title}`, { id: newest.id });
  } catch (error) {
    const isRefused = error instanceof OutOfTimeError || error instanceof ChannelRefusalError;
    // The service accepted nothing, so no message is unrecorded.
    if (isRefused && !hasPosted && isNoted && !state.posting) await change(run, caseId, forgetPosting);
    if (error instanceof OutOfTimeError) throw error;
    run.failures += 1;
    const isSetAside = error instanceof ChannelRefusalError && (await setAside(newest, state, error, run));
    countLate(state, run);
    log.error(`not shown in ${title}, will be tried again`, { id: newest.id, error });
    await change(
      run,
      caseId,
      (now) => now.newest && putOff(isSetAside ? { ...now, refusedSeq: newest.seq } : now, clock()),
    );
  }
  return true;
}

/** Once for each state that the service refuses: a copy with the reason, as the next attempts may end the same. */
async function setAside(
  newest: Announcement,
  { refusedSeq }: ChannelState,
  { message }: ChannelRefusalError,
  { deadLetters, functionName, log, metrics }: Run,
): Promise<boolean> {
  metrics.count('MessageRefused');
  if (refusedSeq === newest.seq) return true;
  try {
    await deadLetters.send(JSON.stringify(newest), message, `${functionName}:${newest.id}`);
    return true;
  } catch (error) {
    log.error('a refused message could not be set aside, will be tried again', { id: newest.id, error });
    return false;
  }
}

/** One message for many cases, as their replies are left out. */
async function summarize(due: readonly string[], run: Run): Promise<void> {
  const { channel, call, states, clock, learned, log } = run;
  if (!channel.summarize || clock() - (learned.summarizedAt ?? 0) < summarizeAgainMs) return;
  const found = await Promise.all(due.slice(0, storm / 2).map((caseId) => states.load(caseId)));
  const named = found.flatMap((stored) => stored?.value.newest ?? []);
  // The list lags behind what was shown a moment ago.
  if (named.length === 0) return;
  try {
    await call(async () => channel.summarize?.(named, due.length));
  } catch (error) {
    if (error instanceof OutOfTimeError) throw error;
    log.error('the summary was not posted', { error });
  }
  learned.summarizedAt = clock();
}

async function countLateMessage(run: Run): Promise<void> {
  const [oldest] = await run.states.listDue(run.clock(), 1);
  const stored = oldest === undefined ? undefined : await run.states.load(oldest);
  if (stored) countLate(stored.value, run);
}

function countLate({ newest, since = 0 }: ChannelState, { metrics, clock }: Run): void {
  if (newest && clock() - since > lateMs) metrics.count('MessageLate');
}
