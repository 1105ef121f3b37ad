import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SQSRecord } from 'aws-lambda';
import { fakeDetection } from '../../fakes-detection';
import { aDetector } from './detector';

/**
 * The detect function in its own process, for one batch. A report of a thing whose name begins with `killer` ends the
 * process as a lack of memory does. The given folder keeps what must survive: marks, and the messages that left the
 * queue.
 */

const [folder = '', batch = ''] = process.argv.slice(2);
const marks = join(folder, 'marks.json');
const readMarks = (): Record<string, string[]> =>
  existsSync(marks) ? JSON.parse(readFileSync(marks, 'utf8')) : {};
const writeMarks = (sender: string, next: (messages: readonly string[]) => string[]): void => {
  const all = readMarks();
  writeFileSync(marks, JSON.stringify({ ...all, [sender]: next(all[sender] ?? []) }));
};

const { states } = fakeDetection();
const { run } = aDetector(
  {},
  {
    unfinished: {
      count: async (sender) => readMarks()[sender]?.length ?? 0,
      begin: async (sender, messageId) => writeMarks(sender, (messages) => [...messages, messageId]),
      end: async (sender, messageId) =>
        writeMarks(sender, (messages) => messages.filter((one) => one !== messageId)),
    },
    states: {
      ...states,
      async load(thingName) {
        if (thingName.startsWith('killer')) process.kill(process.pid, 'SIGKILL');
        return await states.load(thingName);
      },
    },
    queue: { remove: async (handle) => appendFileSync(join(folder, 'removed'), `${handle}\n`) },
  },
);
const failed = await run(...(JSON.parse(readFileSync(batch, 'utf8')) as SQSRecord[]));
writeFileSync(join(folder, 'failed.json'), JSON.stringify(failed));
