import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type AgentProgram, runAgent } from './agent-program';
import { type DeviceFiles, writeDeviceFiles } from './certificates';
import { waitFor } from './poll';
import { type RealApp, startRealApp } from './real-process';
import { startTlsBroker, type TestBroker } from './tls-broker';

const name = 'cordonoutageapp';
const metric = `num_child_procs_${name}`;
const root = resolve(import.meta.dirname, '../..');

interface SentReport {
  readonly header: { readonly report_id: number };
  readonly custom_metrics?: Readonly<Record<string, readonly [{ readonly number: number }]>>;
  readonly evidence?: readonly { readonly ppid: number }[];
  readonly health?: { readonly restarts: number; readonly spool: number };
  readonly madeAt?: number;
}

describe('a violation that nobody could be told of', () => {
  let directory: string;
  let bundle: string;
  let files: DeviceFiles;
  let broker: TestBroker;
  let app: RealApp;
  let agent: AgentProgram | undefined;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-outage-'));
    bundle = join(directory, 'cordon-agent.cjs');
    const script = join(root, 'infra/build-agent.mjs');
    await promisify(execFile)(process.execPath, [script, '--outfile', bundle]);
    files = await writeDeviceFiles(directory);
    broker = await startTlsBroker(files);
    app = startRealApp(name);
  });
  afterEach(() => {
    agent?.process.kill('SIGKILL');
    broker.published.length = 0;
    broker.refuseConnections = 0;
  });
  afterAll(async () => {
    await app.close();
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const start = (state: string, reportTo: string): AgentProgram =>
    runAgent(process.execPath, [
      bundle,
      ...[
        '-e',
        `localhost:${broker.port}`,
        '-r',
        files.rootCaPath,
        '-c',
        files.certPath,
        '-k',
        files.keyPath,
      ],
      ...['-id', 'mything1', '--report-to', reportTo, '--children-of', name],
      ...['--state-dir', join(directory, state)],
    ]);
  const sent = (): readonly SentReport[] =>
    broker.published.map(({ payload }) => JSON.parse(payload.toString()));
  const numbers = (): readonly (number | undefined)[] =>
    sent().map(({ custom_metrics }) => custom_metrics?.[metric]?.[0].number);
  const spooled = (state: string): readonly string[] =>
    readdirSync(join(directory, state, 'mything1.spool')).filter((file) => file.endsWith('.json'));

  it.each([
    ['SIGKILL', 'cordon'],
    ['SIGTERM', 'cordon'],
    ['SIGKILL', 'device-defender'],
  ] as const)(
    'is told after %s of an agent that reports to %s, once and in order',
    async (signal, reportTo) => {
      const state = `${signal}-${reportTo}`;
      broker.refuseConnections = 1_000_000;
      agent = start(state, reportTo);
      await agent.waitForEvent('connect-failed');
      const madeFrom = Date.now();
      app.run('sleep 61 &');
      await waitFor('the violation on disk', () =>
        spooled(state).some((file) =>
          readFileSync(join(directory, state, 'mything1.spool', file), 'utf8').includes('"number":1'),
        ),
      );
      const ended = new Promise((done) => agent?.process.once('close', done));
      agent.process.kill(signal);
      await ended;
      app.run('kill $!; wait');
      const madeTo = Date.now();
      broker.refuseConnections = 0;
      agent = start(state, reportTo);
      await agent.waitForEvent('reported', reportTo === 'cordon' ? 3 : 1);

      expect(Math.max(...numbers().map((number) => number ?? 0))).toBe(1);
      const ids = sent().map(({ header }) => header.report_id);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      if (reportTo === 'cordon') {
        // By its parent: a child that is met between its fork and its exec still has the command line of the app.
        const told = sent().filter(({ evidence }) => evidence?.some(({ ppid }) => ppid === app.pid));
        expect(told).toHaveLength(1);
        expect(told[0]?.madeAt).toBeGreaterThanOrEqual(madeFrom);
        expect(told[0]?.madeAt).toBeLessThanOrEqual(madeTo);
        expect(sent().at(-1)?.health?.restarts).toBe(1);
      }
      await waitFor('an empty spool', () => spooled(state).length === 0);
    },
  );
});
