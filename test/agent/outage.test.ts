import { join } from 'node:path';
import { type AgentProgram, runAgent } from './agent-program';
import { type Device, startDevice } from './device';
import { waitFor } from './poll';
import { readSpool } from './read-spool';

const name = 'cordonoutageapp';
const metric = `num_child_procs_${name}`;

interface SentReport {
  readonly header: { readonly report_id: number };
  readonly custom_metrics?: Readonly<Record<string, readonly [{ readonly number: number }]>>;
  readonly evidence?: readonly { readonly ppid: number }[];
  readonly health?: { readonly restarts: number; readonly spool: number };
  readonly madeAt?: number;
}

describe('a violation that could not be delivered', () => {
  let device: Device;
  let agent: AgentProgram | undefined;

  beforeAll(async () => {
    device = await startDevice(name);
  });
  afterEach(async () => {
    await agent?.kill();
    device.broker.published.length = 0;
    device.broker.refuseConnections = 0;
  });
  afterAll(async () => {
    await device.close();
  });

  const start = (state: string, reportTo: string): AgentProgram =>
    runAgent(process.execPath, [
      device.bundle,
      ...device.connection,
      ...['--report-to', reportTo, '--children-of', name],
      ...['--state-dir', join(device.directory, state)],
    ]);
  const sent = (): readonly SentReport[] =>
    device.broker.published.map(({ payload }) => JSON.parse(payload.toString()));
  const numbers = (): readonly (number | undefined)[] =>
    sent().map(({ custom_metrics }) => custom_metrics?.[metric]?.[0].number);
  const spooled = (state: string): readonly string[] =>
    readSpool(join(device.directory, state, 'mything1.spool'));

  it.each([
    ['SIGKILL', 'cordon'],
    ['SIGTERM', 'cordon'],
    ['SIGKILL', 'device-defender'],
  ] as const)(
    'is reported after %s by an agent that reports to %s, once and in order',
    async (signal, reportTo) => {
      const state = `${signal}-${reportTo}`;
      device.broker.refuseConnections = 1_000_000;
      agent = start(state, reportTo);
      await agent.waitForEvent('connect-failed');
      const madeFrom = Date.now();
      device.app.run('sleep 61 &');
      await waitFor('the violation on disk', () =>
        spooled(state).some((report) => report.includes('"number":1')),
      );
      const ended = new Promise((done) => agent?.process.once('close', done));
      agent.process.kill(signal);
      await ended;
      device.app.run('kill $!; wait');
      const madeTo = Date.now();
      device.broker.refuseConnections = 0;
      agent = start(state, reportTo);
      await agent.waitForEvent('reported', reportTo === 'cordon' ? 3 : 1);

      expect(Math.max(...numbers().map((number) => number ?? 0))).toBe(1);
      const ids = sent().map(({ header }) => header.report_id);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      if (reportTo === 'cordon') {
        // Finds the child by its parent: between its fork and its exec, the child has the command line of device.app.
        const told = sent().filter(({ evidence }) => evidence?.some(({ ppid }) => ppid === device.app.pid));
        expect(told).toHaveLength(1);
        expect(told[0]?.madeAt).toBeGreaterThanOrEqual(madeFrom);
        expect(told[0]?.madeAt).toBeLessThanOrEqual(madeTo);
        expect(sent().at(-1)?.health?.restarts).toBe(1);
      }
      await waitFor('an empty spool', () => spooled(state).length === 0);
    },
  );
});
