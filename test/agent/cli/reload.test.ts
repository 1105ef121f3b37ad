import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { runAgent } from '../../../agent/cli/run-agent';
import { allInterfaces } from '../../../agent/config/interface-rules';
import type { Settings } from '../../../agent/config/settings';
import { host } from '../../../agent/host';
import { createProcReader } from '../../../agent/proc/proc-reader';
import type { Report } from '../../../agent/report/report';
import type { Destination } from '../../../agent/topics';
import { type DeviceFiles, writeDeviceFiles } from '../certificates';
import { memoryFolder } from '../system';

/** The parts of a configuration that decide where reports are kept and go. */
interface Configured {
  readonly thing: 'a' | 'b';
  readonly state: 'x' | 'y';
  readonly destinations: readonly Destination[];
  readonly mode: 'report' | 'dryrun';
  /** No file, or a wrong one. */
  readonly isWrong: boolean;
}

interface Step extends Configured {
  readonly isReachable: boolean;
  /** What happens at first. */
  readonly how: 'reload' | 'restart';
  readonly seconds: number;
}

const both: readonly Destination[] = ['cordon', 'device-defender'];
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    thing: fc.constantFrom('a', 'a', 'b'),
    state: fc.constantFrom('x', 'x', 'y'),
    destinations: fc.constantFrom(both, both, [both[0] as Destination], [both[1] as Destination]),
    mode: fc.constantFrom('report', 'report', 'dryrun'),
    isWrong: fc.integer({ max: 4, min: 0 }).map((number) => number === 0),
    isReachable: fc.boolean(),
    how: fc.constantFrom('reload', 'reload', 'reload', 'restart'),
    seconds: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 6 },
);

let directory: string;
let files: DeviceFiles;
beforeAll(async () => {
  directory = mkdtempSync(join(memoryFolder, 'cordon-reload-'));
  mkdirSync(join(directory, 'proc'));
  files = await writeDeviceFiles(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  jest.useFakeTimers({ now: 1_700_000_000_000, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

function settingsOf({ thing, state, destinations, mode }: Configured, run: string): Settings {
  return {
    mode,
    connection: {
      endpoint: { host: 'localhost', port: 1 },
      ...files,
      clientId: thing,
      thingName: thing,
      timing: { connectTimeoutMs: 1000, acknowledgeTimeoutMs: 1000, keepAliveSeconds: 60 },
    },
    intervalMs: 1000,
    sampleIntervalMs: 400,
    format: 'json',
    names: 'long',
    destinations,
    metrics: [],
    unknownMetrics: [],
    cpuBudgetPercent: 100,
    interfaces: allInterfaces,
    stateDirectory: join(directory, run, state),
    logLevel: 'info',
  };
}

const manager = { ready: () => {}, stopping: () => {}, status: () => {}, alive: () => {} };

/**
 * Plays the steps with one broker. Then makes everything reachable and runs the agent once more for each state folder
 * and thing.
 */
async function play(run: string, played: readonly Step[]) {
  const delivered: string[] = [];
  const kept = new Set<string>();
  const folded = new Set<string>();
  const printed = new Set<number>();
  let isReachable = false;
  const print = jest.spyOn(host, 'writeOutput').mockImplementation((text) => {
    printed.add((JSON.parse(String(text)) as Report).header.report_id);
    return true;
  });
  const start = (configured: Configured) =>
    runAgent(
      settingsOf(configured, run),
      (_level, event, fields) => {
        if (event === 'report-folded') folded.add(`${fields?.destination} ${fields?.reportId}`);
      },
      manager as never,
      {
        proc: () => createProcReader(join(directory, 'proc')),
        openLink: ({ thingName }) => ({
          isConnected: () => isReachable,
          publish: async (topic, payload) => {
            if (!isReachable) return 'failed';
            const { header } = JSON.parse(payload.toString()) as Report;
            const destination = topic.startsWith('cordon') ? 'cordon' : 'device-defender';
            delivered.push(`${thingName} ${destination} ${header.report_id}`);
            return 'acknowledged';
          },
          close: async () => undefined,
        }),
      },
    );
  /** Notes the reports that are on disk as kept. */
  const noteKept = () => {
    for (const state of ['x', 'y'])
      for (const thing of ['a', 'b']) {
        const folder = join(directory, run, state, `${thing}.spool`);
        for (const name of existsSync(folder) ? readdirSync(folder) : []) {
          const [, destination, id] = /^(cordon|device-defender)-(\d+)\.json$/.exec(name) ?? [];
          if (destination) kept.add(`${thing} ${destination} ${id}`);
        }
      }
  };
  const first = { thing: 'a', state: 'x', destinations: both, mode: 'report', isWrong: false } as const;
  let agent = start(first);
  const move = async (step: Step) => {
    const read = () => {
      if (step.isWrong) throw new Error('a wrong file');
      return settingsOf(step, run);
    };
    if (step.how === 'reload') await agent.reload(read);
    else if (!step.isWrong) {
      await agent.stop();
      agent = start(step);
    }
    isReachable = step.isReachable;
    await jest.advanceTimersByTimeAsync(1000 * step.seconds + 337);
    noteKept();
  };
  await jest.advanceTimersByTimeAsync(1200);
  noteKept();
  for (const step of played) await move(step);
  const last = { ...first, isReachable: true, how: 'reload', seconds: 3 } as const;
  const ends = (['x', 'y'] as const).flatMap((state) =>
    (['a', 'b'] as const).map((thing) => ({ thing, state })),
  );
  for (const end of ends) await move({ ...last, ...end });
  await agent.stop();
  print.mockRestore();
  return { delivered, kept, folded, printed };
}

let runs = 0;

async function expectDelivery(played: readonly Step[]): Promise<void> {
  runs += 1;
  const { delivered, kept, folded, printed } = await play(String(runs), played);

  const known = new Set(delivered);
  const lost = [...kept].filter((one) => !known.has(one) && !folded.has(one.slice(2)));
  const twice = delivered.filter((one, index) => delivered.indexOf(one) < index);
  // A dry run keeps no report. A kept report that was made in the same moment may have the same id.
  const ofDryRuns = delivered.filter((one) => printed.has(Number(one.split(' ')[2])) && !kept.has(one));
  expect({ lost, twice, ofDryRuns }).toEqual({ lost: [], twice: [], ofDryRuns: [] });
}

const step: Step = {
  ...{ thing: 'a', state: 'x', destinations: both, mode: 'report', isWrong: false },
  ...{ isReachable: false, how: 'reload', seconds: 1 },
};

it.each<[string, Partial<Step>]>([
  ['the other destination only', { destinations: ['cordon'] }],
  ['a dry run', { mode: 'dryrun' }],
  ['another state folder', { state: 'y' }],
  ['another thing', { thing: 'b' }],
])('reports that wait are delivered though a reload was to %s for a while', async (_, change) => {
  await expectDelivery([{ ...step, ...change }]);
});

it('reports move to another state folder, which the next run finds', async () => {
  await expectDelivery([
    { ...step, state: 'y' },
    { ...step, state: 'y', how: 'restart', isReachable: true },
  ]);
});

it('a report is delivered once, whatever is reloaded, restarted and out of reach meanwhile, and none of a dry run', async () => {
  await fc.assert(fc.asyncProperty(steps, expectDelivery), { numRuns: 20 });
});
