import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentProgram, runAgent } from './agent-program';
import { type Device, startDevice } from './device';
import { waitFor } from './poll';

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
  afterEach(() => {
    agent?.process.kill('SIGKILL');
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
    readdirSync(join(device.directory, state, 'mything1.spool')).filter((file) => file.endsWith('.json'));
  /** Nothing if a newer report has replaced it since it was listed. */
  const readSpooled = (state: string, file: string): string => {
    try {
      return readFileSync(join(device.directory, state, 'mything1.spool', file), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  };

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
        spooled(state).some((file) => readSpooled(state, file).includes('"number":1')),
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
        // The parent identifies the child: between its fork and its exec, a child still has the command line of
        // device.app.
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
