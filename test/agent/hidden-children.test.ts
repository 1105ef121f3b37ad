import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetricSampler } from '../../agent/metrics/metric-sampler';
import { createProcReader } from '../../agent/proc/proc-reader';
import { createUserNames } from '../../agent/proc/user-names';
import type { MetricSample } from '../../agent/processes/metric-sample';
import { describeHealth } from '../../agent/report/health';
import { noProblems } from './builders';
import { waitFor } from './poll';

const name = 'cordonhiddenapp';
const metric = `num_child_procs_${name}`;

/** Perl comes with git on Debian. Neither the shell nor Node can ignore SIGCHLD or call clone(2). */
function findPerl(): string | undefined {
  try {
    return execFileSync('perl', ['-e', 'print $^X'], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
}

const perl = findPerl();
/** CLONE_PARENT | SIGCHLD, and the number of clone(2), if it is known. */
const cloneParent = '0x8000 | 17';
const cloneNumbers: Readonly<Record<string, number>> = { x64: 56, arm64: 220, arm: 120 };
const cloneNumber = cloneNumbers[process.arch];

/** Evaluates each line that it is given. */
const obey = '$| = 1; while (<STDIN>) { eval $_; print "done\\n" }';

describe('the children of a real process that the kernel hides from it', () => {
  if (perl === undefined) {
    it.todo('are not tried here: that needs perl');
    return;
  }
  let directory: string;
  let app: ChildProcessWithoutNullStreams;
  let output: string;
  let sample: () => MetricSample;

  const run = async (line: string): Promise<void> => {
    const before = output.split('done').length;
    app.stdin.write(`${line}\n`);
    await waitFor(`the end of ${line}`, () => output.split('done').length > before);
  };
  const degradedOf = ({ caveats = [] }: MetricSample) =>
    describeHealth({
      mode: 'children',
      wantedMs: 100,
      sampleMs: 100,
      restarts: 0,
      spool: 0,
      announcesPids: true,
      isHidden: false,
      failures: {},
      problems: noProblems(),
      caveats,
      stoodStillMs: 0,
    }).degraded;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-hidden-'));
    const path = join(directory, name);
    copyFileSync(realpathSync(perl), path);
    chmodSync(path, 0o755);
    output = '';
    // In a session of its own, as a service has it.
    app = spawn(path, ['-e', obey], { stdio: 'pipe', detached: true });
    app.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const options = { users: createUserNames(), wallClock: Date.now, ownPid: process.pid };
    const sampler = createMetricSampler(
      createProcReader(),
      [{ metric, collect: 'children', of: { name } }],
      options,
    );
    let now = 0;
    sample = () => {
      // Later than any scan has to wait.
      now += 61_000;
      const [one] = sampler.sample(now);
      if (!one) throw new Error('no sample');
      return one;
    };
  });
  afterEach(async () => {
    const ended = new Promise((resolve) => app.once('close', resolve));
    if (app.pid) process.kill(-app.pid, 'SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });

  it('are counted while they live if it ignores SIGCHLD, and health says that ended ones can’t be counted', async () => {
    await waitFor('the app', () => sample().process?.state === 'running');
    expect(degradedOf(sample())).toEqual([]);
    await run('$SIG{CHLD} = "IGNORE"');
    expect(degradedOf(sample())).toEqual(['sigchld-ignored']);

    await run('system "true"');
    expect(sample()).toMatchObject({ seen: { level: 0 }, traces: [] });
    await run('exec "sleep", "60" unless $child = fork');
    // Between its fork and its exec, nothing distinguishes it from its parent yet.
    await waitFor('the child', () => {
      const { seen } = sample();
      return seen.kind === 'count' && seen.level === 1;
    });
    await run('kill 9, $child; $SIG{CHLD} = "DEFAULT"');
    const after = await waitFor('its end', () => {
      const one = sample();
      return one.seen.kind === 'count' && one.seen.level === 0 && one;
    });
    expect(degradedOf(after)).toEqual([]);
  });

  const withClone = cloneNumber === undefined ? it.skip : it;
  withClone(
    'are found by the session that it began, if it gives them to its own parent (CLONE_PARENT)',
    async () => {
      await waitFor('the app', () => sample().process?.state === 'running');
      await run(`exec "sleep", "60" unless $child = syscall(${cloneNumber}, ${cloneParent}, 0, 0, 0, 0)`);
      const evidence = await waitFor('evidence', () => {
        const one = sample();
        return one.evidence.find(({ commandLine }) => commandLine === 'sleep 60');
      });

      expect(evidence).toMatchObject({ ppid: process.pid });
      expect(sample()).toMatchObject({ seen: { level: 1 } });
    },
  );
});
