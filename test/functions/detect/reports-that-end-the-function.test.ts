import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSRecord } from 'aws-lambda';
import { build } from 'esbuild';
import { now } from '../../builders';
import { aReport, received } from './detector';

/** A message that ends the function does not move others into the dead-letter queue. The function really ends, each time. */

let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-ending-'));
  program = join(folder, 'detector.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'ending-detector.ts')],
    ...{ bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'silent' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Invokes the function with a batch in a process of its own: which messages are done, and whether it ended in order. */
function invoke(state: string, batch: readonly SQSRecord[]): { done: Set<string>; died: boolean } {
  const file = join(state, 'batch.json');
  for (const name of ['removed', 'failed.json']) rmSync(join(state, name), { force: true });
  writeFileSync(file, JSON.stringify(batch));
  const { signal, status, stderr } = spawnSync(process.execPath, [program, state, file], {
    encoding: 'utf8',
  });
  if (signal === null && status !== 0) throw new Error(stderr);
  const read = (name: string) =>
    existsSync(join(state, name)) ? readFileSync(join(state, name), 'utf8') : '';
  const removed = read('removed').split('\n');
  const gone = batch.filter(({ receiptHandle }) => removed.includes(receiptHandle));
  const failed: string[] | undefined = signal === null ? JSON.parse(read('failed.json')) : undefined;
  const finished = failed ? batch.filter(({ messageId }) => !failed.includes(messageId)) : [];
  return { done: new Set([...gone, ...finished].map(({ messageId }) => messageId)), died: signal !== null };
}

const maxReceives = 5;

/**
 * Delivers the messages as SQS does, ten at once. Says which ones end in the dead-letter queue, and how often the
 * function ended.
 */
function deliverAll(messages: readonly SQSRecord[], order: (messages: SQSRecord[]) => SQSRecord[]) {
  const state = mkdtempSync(join(folder, 'state-'));
  const receives = new Map<string, number>();
  const dead: string[] = [];
  let deaths = 0;
  let waiting = [...messages];
  while (waiting.length > 0) {
    const batch = order(waiting)
      .slice(0, 10)
      .map((message): SQSRecord => {
        const count = (receives.get(message.messageId) ?? 0) + 1;
        receives.set(message.messageId, count);
        return { ...message, attributes: { ...message.attributes, ApproximateReceiveCount: String(count) } };
      });
    const { done, died } = invoke(state, batch);
    deaths += died ? 1 : 0;
    waiting = waiting.filter(({ messageId }) => !done.has(messageId));
    const spent = waiting.filter(({ messageId }) => (receives.get(messageId) ?? 0) >= maxReceives);
    dead.push(...spent.map(({ messageId }) => messageId));
    waiting = waiting.filter((message) => !spent.includes(message));
  }
  return { dead, deaths };
}

const message = (name: string, principal: string) =>
  received(aReport(0, { header: { report_id: 1_700_000_000, version: '1.0' } }), {
    ...{ thingName: name, messageId: name, receivedAt: now, principal: principal.repeat(64) },
  });
const honest = (count: number) =>
  Array.from({ length: count }, (_, index) => message(`honest-${index}`, 'abcde'.charAt(index % 5)));
const killers = (count: number) =>
  Array.from({ length: count }, (_, index) => message(`killer-${index}`, 'f'));
const isKiller = ({ messageId }: SQSRecord) => messageId.startsWith('killer');

it('no honest report is lost if another report ends the function, even if that report always comes first', () => {
  const { dead, deaths } = deliverAll([...killers(1), ...honest(12)], (waiting) =>
    waiting.toSorted((a, b) => Number(isKiller(b)) - Number(isKiller(a))),
  );

  expect(dead).toEqual(['killer-0']);
  expect(deaths).toBe(maxReceives);
}, 60_000);

it('no honest report is lost if reports end the function, even if one certificate sends such a report in each batch', () => {
  const { dead } = deliverAll([...killers(6), ...honest(8)], (waiting) => {
    const [killer, ...others] = waiting.filter(isKiller);
    return [...(killer ? [killer] : []), ...waiting.filter((one) => !isKiller(one)), ...others];
  });

  expect(dead.toSorted()).toEqual(killers(6).map(({ messageId }) => messageId));
}, 120_000);
