import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeReport } from '../../agent/report/encoding';
import type { Report } from '../../agent/report/report';
import { readMessage } from '../../shared/domain/findings/read-message';
import { waitFor } from '../agent/poll';
import { type RealApp, startRealApp } from '../agent/real-process';
import { aDetector, received } from '../functions/detect/detector';

const bundle = join(import.meta.dirname, '..', '..', 'dist', 'agent', 'cordon-agent.cjs');

/** Agent and backend agree on documents, not on code: the backend must read the reports of the packaged agent. */
describe('what the packaged agent reports', () => {
  let app: RealApp;
  let stateDirectory: string;
  let config: string;

  beforeAll(async () => {
    stateDirectory = await mkdtemp(join(tmpdir(), 'cordon-contract-'));
    const name = 'cordoncontract';
    app = startRealApp(name);
    config = join(stateDirectory, 'config.yml');
    await writeFile(
      config,
      `customMetrics: true\nmetrics: { num_child_procs_myapp: { collect: children, of: { name: ${name} } } }\n`,
    );
  });

  afterAll(async () => {
    await app.close();
    await rm(stateDirectory, { recursive: true });
  });

  async function report(): Promise<Report> {
    const names = ['-id', 'mything1', '--state-dir', stateDirectory];
    const args = ['--once', '--print', '--config', config, ...names];
    const { stdout } = await promisify(execFile)(process.execPath, [bundle, ...args]);
    return JSON.parse(stdout);
  }

  it.each(['json', 'cbor'] as const)(
    'is a violation with evidence in %s, once it has a child',
    async (format) => {
      app.run('sleep 60 & echo started');
      await waitFor('the child', () => app.output().includes('started'));
      const said = await report();
      const { run, alerts, published } = aDetector();

      const failed = await run(received(undefined, { format, bytes: encodeReport(said, format) }));

      expect(failed).toEqual([]);
      expect(published).toMatchObject([
        {
          topic: `cordon/things/mything1/reports/${format}/accepted`,
          body: { reportId: said.header.report_id, status: 'ACCEPTED' },
        },
      ]);
      expect(readMessage(JSON.stringify(alerts[0]))).toMatchObject({
        findings: [
          {
            thingName: 'mything1',
            eventType: 'in-alarm',
            value: said.custom_metrics?.num_child_procs_myapp?.[0],
            evidence: expect.arrayContaining([
              expect.objectContaining({
                metric: 'num_child_procs_myapp',
                ppid: app.pid,
                commandLine: 'sleep 60',
              }),
            ]),
          },
        ],
      });
    },
  );
});
