/** The used part of a queue of fauxqs. */
interface Queue {
  readonly pollWaiters: readonly unknown[];
  readonly messages: readonly unknown[];
  readonly delayedMessages: readonly Delayed[];
  readonly fifoDelayed: ReadonlyMap<string, readonly Delayed[]>;
  readonly inflightMessages: ReadonlyMap<string, { readonly visibilityDeadline: number }>;
  pollTimer?: NodeJS.Timeout | undefined;
  hasAvailableFifoMessages(): boolean;
  processTimers(): void;
}
interface Delayed {
  readonly delayUntil?: number;
}

type Methods = Record<(typeof changing)[number], (this: Queue, ...args: unknown[]) => unknown> & {
  startPollTimerIfNeeded(this: Queue): void;
};

/** Calls that may make a message due earlier. */
const changing = ['enqueue', 'dequeue', 'changeVisibility'] as const;
/** How often fauxqs looks. */
const lookMs = 20;

/** The class of fauxqs's queues, which its package does not export. */
export async function loadQueueClass(): Promise<{ readonly prototype: unknown }> {
  const { SqsQueue } = await import(new URL('./sqs/sqsStore.js', import.meta.resolve('fauxqs')).href);
  return SqsQueue;
}

/**
 * While a client polls a queue, fauxqs checks 50 times a second for messages that have become due, so even ten empty
 * queues kept the stack busy. With this, a queue is checked when one of its messages becomes due, and never while it is
 * empty.
 */
export async function letQueuesRest(): Promise<void> {
  resting ??= loadQueueClass().then(({ prototype }) => {
    const methods = prototype as Methods;
    methods.startPollTimerIfNeeded = function start() {
      lookSoon(this);
    };
    for (const name of changing) {
      const change = methods[name];
      methods[name] = function changed(...args) {
        const result = change.apply(this, args);
        lookSoon(this);
        return result;
      };
    }
  });
  await resting;
}

/** Once, as all queues of this process have the class. */
let resting: Promise<void> | undefined;
const looksAt = new WeakMap<NodeJS.Timeout, number>();

function lookSoon(queue: Queue): void {
  const by = Date.now() + lookMs;
  const planned = queue.pollTimer && looksAt.get(queue.pollTimer);
  if (planned === undefined || planned > by) plan(queue, by);
}

function plan(queue: Queue, earliest: number): void {
  clearTimeout(queue.pollTimer);
  queue.pollTimer = undefined;
  const dueAt = queue.pollWaiters.length > 0 ? findDue(queue) : Number.POSITIVE_INFINITY;
  if (dueAt === Number.POSITIVE_INFINITY) return;
  const at = Math.max(earliest, dueAt);
  queue.pollTimer = setTimeout(() => {
    queue.pollTimer = undefined;
    queue.processTimers();
    plan(queue, Date.now() + lookMs);
  }, at - Date.now());
  looksAt.set(queue.pollTimer, at);
}

/** When the first message becomes due; Infinity if none will. */
function findDue(queue: Queue): number {
  if (queue.messages.length > 0 || queue.hasAvailableFifoMessages()) return 0;
  let dueAt = Number.POSITIVE_INFINITY;
  for (const { visibilityDeadline } of queue.inflightMessages.values())
    dueAt = Math.min(dueAt, visibilityDeadline);
  for (const delayed of [queue.delayedMessages, ...queue.fifoDelayed.values()])
    for (const { delayUntil = 0 } of delayed) dueAt = Math.min(dueAt, delayUntil);
  return dueAt;
}
