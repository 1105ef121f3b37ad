import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { decode } from 'cborg';
import { type AgentProgram, runAgent } from './agent-program';
import { type Device, startDevice } from './device';
import { waitFor } from './poll';

const name = 'cordonnodeapp';
const root = resolve(import.meta.dirname, '../..');

/** This process's own, each `node` on the PATH, and those of CORDON_NODE_BINARIES: paths with a colon between them. */
function findNodes(): readonly (readonly [version: string, path: string])[] {
  const { PATH = '', CORDON_NODE_BINARIES = '' } = process.env;
  const onPath = PATH.split(delimiter).map((folder) => join(folder, 'node'));
  const given = CORDON_NODE_BINARIES.split(delimiter).filter(Boolean);
  const paths = [...given, process.execPath, ...onPath.filter((path) => existsSync(path))];
  const versions = new Map<string, string>();
  for (const path of new Set(paths.map((one) => realpathSync(one)))) {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    if (!versions.has(version)) versions.set(version, path);
  }
  return [...versions];
}

/** The flags that the unit gives to Node. */
function unitFlags(): readonly string[] {
  const unit = readFileSync(join(root, 'infra/agent-package/cordon-agent.service'), 'utf8');
  const flags = /^ExecStart=\/usr\/bin\/node (--.*) \/usr\/lib\/cordon-agent\/cordon-agent\.cjs/m.exec(
    unit,
  )?.[1];
  if (flags === undefined) throw new Error('the unit gives Node no flags');
  return flags.split(' ');
}

describe('the bundled agent on', () => {
  let device: Device;
  let agent: AgentProgram | undefined;

  beforeAll(async () => {
    device = await startDevice(name);
  });
  afterAll(async () => {
    await agent?.kill();
    await device.close();
  });

  it.each(findNodes())(
    'Node %s loads no module for the flags that the unit gives, and sets them itself elsewhere',
    async (_version, node) => {
      const hook = join(device.directory, 'hook.cjs');
      const told =
        "process.on('exit', () => console.error(process.moduleLoadList.includes('NativeModule v8')));";
      writeFileSync(hook, told);
      const runWith = async (flags: readonly string[]): Promise<string> => {
        const { stderr } = await promisify(execFile)(node, [
          ...flags,
          '--require',
          hook,
          device.bundle,
          '--version',
        ]);
        return stderr.trim();
      };

      expect([await runWith(unitFlags()), await runWith([])]).toEqual(['false', 'true']);
    },
  );

  it.each(findNodes())(
    'Node %s reports a child over TLS, in CBOR, and ends as asked',
    async (version, node) => {
      device.broker.published.length = 0;
      const flags = [...device.connection, '-f', 'cbor', '--children-of', name];
      // Its log is read line by line as JSON, so that a complaint of Node's own would fail.
      agent = runAgent(node, [
        ...unitFlags(),
        device.bundle,
        ...flags,
        '--state-dir',
        join(device.directory, version),
      ]);
      await agent.waitForEvent('reported');
      device.app.run('sleep 60 &');
      const report = await waitFor('the report of the child', () =>
        device.broker.published
          .map(({ payload }) => decode(payload))
          .find(({ custom_metrics }) => custom_metrics?.[`num_child_procs_${name}`]?.[0].number === 1),
      );
      device.app.run('kill $!');

      expect(report.evidence).toMatchObject([
        { ppid: device.app.pid, parents: expect.arrayContaining([name]) },
      ]);
      expect(await agent.stop()).toBe(0);
      expect(agent.events().map(({ event }) => event)).toEqual(
        expect.arrayContaining(['started', 'connected', 'reported', 'stopping']),
      );
    },
  );
});
