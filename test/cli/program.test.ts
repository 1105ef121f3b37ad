import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minimalConfiguration, now } from '../builders';
import { runInHost } from '../e2e/cli-hosts';

/** The `cordon` command as a user runs it, in an empty folder, with an AWS that counts who calls. */
const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'bin', 'cordon.mjs');

let folder: string;
let aws: Server;
let calls = 0;
/** The error that it answers with; empty: none. */
let fault = 'ValidationException';
let message = 'no';
/** How the command names the AWS of this test. */
let named: string;
beforeAll(async () => {
  aws = createServer((request, response) => {
    calls += 1;
    request.resume();
    response.writeHead(fault === '' ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(fault === '' ? '{}' : JSON.stringify({ __type: fault, message }));
  }).listen(0, '127.0.0.1');
  await once(aws, 'listening');
  named = `AWS at http://127.0.0.1:${(aws.address() as AddressInfo).port} (AWS_ENDPOINT_URL)`;
});
afterAll(async () => {
  aws.close();
  aws.closeAllConnections();
  await once(aws, 'close');
});
beforeEach(async () => {
  calls = 0;
  fault = 'ValidationException';
  message = 'no';
  folder = await mkdtemp(join(tmpdir(), 'cordon-cli-'));
  await writeFile(join(folder, 'cordon.yml'), minimalConfiguration);
});
afterEach(() => rm(folder, { recursive: true }));

const account = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };

type Settings = Readonly<Record<string, string>>;

function environment(settings: Settings): Settings {
  const { port } = aws.address() as AddressInfo;
  return {
    PATH: process.env.PATH ?? '',
    // No profile of whoever runs the test.
    HOME: folder,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    ...settings,
  };
}

function start(args: readonly string[], settings: Settings = account): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** For tables of words: the same in a process that has the program loaded. */
async function ask(args: readonly string[], settings: Settings = account) {
  const { code, output } = await runInHost({ args, folder, env: environment(settings) });
  return { code, ...output };
}

async function cordon(...args: string[]) {
  return finish(start(args));
}

async function finish(child: ChildProcess) {
  const output = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.err += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, ...output };
}

const anAlert = (thingName: string) =>
  JSON.stringify({
    violationId: 'v1',
    thingName,
    securityProfileName: 'myapp-processes',
    violationEventType: 'in-alarm',
    violationEventTime: now,
    behavior: { name: 'no-child-processes', metric: 'num_child_procs_myapp' },
    metricValue: { number: 1 },
  });

describe('cordon', () => {
  it('replays a file without a call to AWS, and changes no file', async () => {
    await writeFile(join(folder, 'alerts.jsonl'), `${anAlert('mything1')}\nx\n`);

    const { code, out, err } = await cordon('replay', 'alerts.jsonl', '--json');

    expect({ code, err, calls }).toEqual({ code: 0, err: '', calls: 0 });
    expect(JSON.parse(out)).toMatchObject({ alerts: 1, rejected: [{ where: 'line 2' }] });
    expect(await readdir(folder)).toEqual(['alerts.jsonl', 'cordon.yml']);
  });

  it('uses AWS for a command about stored cases', async () => {
    const { code, out, err } = await cordon('verify', 'mything1');

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(`${named}, stage dev\ncordon: ValidationException: no\n`);
    expect(calls).toBeGreaterThan(0);
  });

  it('reports a failing standard output in one line, and says nothing if a reader ends early', async () => {
    const full = await open('/dev/full', 'w');
    const started = spawn(process.execPath, [program, 'completion', 'bash'], {
      ...{ cwd: folder, env: environment(account) },
      stdio: ['ignore', full.fd, 'pipe'],
    });
    const { code, err } = await finish(started);
    await full.close();

    expect({ code, err }).toEqual({ code: 1, err: 'cordon: standard output can’t be written: ENOSPC\n' });
    const child = start(['completion', 'bash']);
    child.stdout?.destroy();
    expect(await finish(child)).toMatchObject({ code: 0, err: '' });
  });

  it('acts on all things although nobody reads its output after the first', async () => {
    const child = start(['contain', 'a', 'b', 'c', '--json']);
    child.stdout?.destroy();
    const { code, err } = await finish(child);

    const failed = 'cordon: ValidationException: no\n';
    expect({ code, err }).toEqual({
      code: 1,
      err: `${named}, stage dev\n${failed.replace('cordon: ', '').repeat(3)}cordon: 3 of 3 things failed\n`,
    });
  });

  it('stops watching once nobody reads its output', async () => {
    fault = '';
    const child = start(['list', '--watch']);
    child.stdout?.destroy();

    expect(await finish(child)).toEqual({ code: 0, out: '', err: `${named}, stage dev\n` });
  });

  it('does what it is asked to although nobody reads its standard error', async () => {
    const child = start(['kill-switch', 'status']);
    child.stderr?.destroy();
    const { code, out } = await finish(child);

    expect(code).toBe(5);
    expect(out).toContain("The kill switch can't be read (ValidationException: no)");
  });

  it('prints no control characters of a response', async () => {
    message = 'a\u001b[31mb\ncordon: mything1 is contained';

    const { err } = await cordon('verify', 'mything1');

    expect(err).toBe(
      `${named}, stage dev\ncordon: ValidationException: a\uFFFD[31mb\uFFFDcordon: mything1 is contained\n`,
    );
  });

  it('exits 5 if the kill switch can not be read, and prints so on standard output', async () => {
    const { code, out } = await cordon('kill-switch', 'status');

    expect(code).toBe(5);
    expect(out).toContain("The kill switch can't be read (ValidationException: no)");
  });

  it.each([['show', 'mything1'], ['contain', 'mything1'], ['enroll', 'mything1'], ['list']])(
    'says that the stage is not there, for %s',
    async (...args) => {
      fault = 'ResourceNotFoundException';

      const { code, err } = await ask(['--stage', 'prod', ...args]);

      expect(code).toBe(5);
      expect(err).toBe(
        `${named}, stage prod\ncordon: stage prod is not deployed there (no table cordon-prod): check --stage and AWS_REGION\n`,
      );
    },
  );

  it.each([
    [[], 'no AWS region is set, and no local stack runs here (npm start): set AWS_REGION'],
    [['--aws'], 'no AWS region is set: set AWS_REGION'],
  ])('says with %j what is missing of an account', async (flags, message) => {
    const { code, err } = await ask([...flags, 'list'], {});

    expect({ code, err }).toEqual({ code: 5, err: `${named}, stage dev\ncordon: ${message}\n` });
  });

  it('checks a file', async () => {
    const { code, out, err } = await cordon('check');

    expect({ code, err, calls }).toEqual({ code: 0, err: '', calls: 0 });
    expect(out).toContain('playbook spawned-child, critical: at once quarantine + disconnect');
  });

  it('enrolls for the detector that the stack was deployed with, if it is not the one of the file', async () => {
    const { code, out, err } = await cordon('enroll', '--template', '--detector', 'device-defender');
    const plain = await cordon('enroll', '--template');

    expect({ code, err, calls }).toEqual({ code: 0, err: '', calls: 0 });
    expect(out).toContain('/defender/metrics');
    expect(plain.out).not.toContain('/defender/');
  });

  it('exits quietly when its reader exits', async () => {
    const alerts = Array.from({ length: 2_000 }, () => '{}');
    await writeFile(join(folder, 'alerts.jsonl'), [anAlert('mything1'), ...alerts].join('\n'));
    const child = start(['replay', 'alerts.jsonl', '--json']);
    let err = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.stdout?.once('data', () => child.stdout?.destroy());

    const [code] = await once(child, 'close');

    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it.each([
    [['replay', '--since', '7x'], 'expected a duration such as 90s, 30m, 24h or 7d'],
    [['export', 'mything1', '--format', 'xml'], 'Allowed choices are json, ocsf'],
    [['--stage', '../x', 'list'], '--stage ../x: expected up to 24 of a-z, 0-9'],
    [['show', '../x'], '"../x" is not a thing name'],
    [['agents', '--old', 'x'], 'expected a version such as 1.4.0'],
    [['replay'], 'give either a FILE of alerts or --since'],
  ])('says what is wrong with %j in words', async (args, message) => {
    const { code, err } = await ask(args);

    expect({ code, calls }).toEqual({ code: 2, calls: 0 });
    expect(err).toContain(message);
  });

  it.each([
    [['lst'], "cordon: unknown command 'lst'\n(Did you mean list?)"],
    [['list', '--stat'], "cordon: unknown option '--stat'"],
    [['kill-switch', 'onn'], "cordon: 'onn' is none of on, off, status"],
    [['show'], "cordon: missing required argument 'case|thing'"],
  ])(
    'proposes the nearest to %j, or says what is missing, and does not print the whole help',
    async (args, message) => {
      const { code, out, err } = await ask(args);

      expect({ code, out, calls }).toEqual({ code: 2, out: '', calls: 0 });
      expect(err).toContain(message);
      expect(err).toContain('cordon --help lists the commands');
      expect(err.split('\n').length).toBeLessThanOrEqual(4);
    },
  );

  it('names an address that AWS_ENDPOINT_URL is left with', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const endpoint = `http://127.0.0.1:${port}`;

    const { code, out, err } = await finish(start(['list'], { ...account, AWS_ENDPOINT_URL: endpoint }));

    expect({ code, out }).toEqual({ code: 5, out: '' });
    expect(err).toContain(
      `nothing answers at ${endpoint} (ECONNREFUSED), which AWS_ENDPOINT_URL names: unset AWS_ENDPOINT_URL to use AWS, or correct it`,
    );
  });
});
