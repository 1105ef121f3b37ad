import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { cliFolder } from '../../scripts/cli-folder.mjs';
import { root } from '../infra/template/template';

let checkout: string;

beforeAll(() => {
  checkout = realpathSync(mkdtempSync(join(tmpdir(), 'cordon-launcher-')));
  const folders = ['bin', 'cli', 'proof', 'shared', 'scripts', 'infra', join('functions', 'notify')];
  for (const source of [...folders, 'cordon.yml', 'package.json', 'package-lock.json'])
    cpSync(join(root, source), join(checkout, source), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  // The bundle of an earlier command. The tests with a changed source have it built again here.
  const bundle = cliFolder(root);
  cpSync(bundle, join(checkout, relative(root, bundle)), { recursive: true });
});
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

/** Uses the Node of the machine, as `npx` does: in Jest, the project's own Node comes first in PATH. */
const path = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

function run(command: string, args: readonly string[], cwd = checkout, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { PATH: path, HOME: process.env.HOME, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const launch = (args: readonly string[], cwd?: string) =>
  run('node', [join(checkout, 'bin', 'cordon.mjs'), ...args], cwd);
const listBundles = () => readdirSync(join(checkout, 'dist', 'cli'));

describe('npx cordon', () => {
  it('works in a checkout and in a folder of it, with the cordon.yml of the checkout', () => {
    mkdirSync(join(checkout, 'notes'));
    const here = run('npx', ['cordon', 'check']);
    const below = run('npx', ['cordon', 'check'], join(checkout, 'notes'));

    expect(here.stderr).toBe('');
    expect(here.status).toBe(0);
    expect(here.stdout).toContain('no-child-processes');
    expect({ ...below, stdout: below.stdout.replace(`${checkout}/`, '') }).toEqual({
      ...here,
    });
  }, 120_000);

  it('exits as the command exits, and keeps standard output and standard error apart', () => {
    const wrong = launch(['chek']);

    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toContain("unknown command 'chek'");
  }, 180_000);

  it('lets the command handle Ctrl-C, and waits for its end', async () => {
    // Takes each request, and answers none.
    const aws = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1');
    await once(aws, 'listening');
    const { port } = aws.address() as AddressInfo;
    const child = spawn('node', [join(checkout, 'bin', 'cordon.mjs'), 'tail'], {
      cwd: checkout,
      // A process group of its own, as a terminal has one for each command line.
      detached: true,
      env: {
        ...{ PATH: path, HOME: process.env.HOME, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` },
        ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
      },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await once(aws, 'connection');
    process.kill(-(child.pid ?? 0), 'SIGINT');

    expect(await ended).toEqual([0, null]);
    aws.close();
  }, 180_000);

  it('finds a file in the current folder, and cordon.yml there if it exists', () => {
    const folder = join(checkout, 'other');
    mkdirSync(folder);
    cpSync(join(root, 'test', 'infra', 'template', 'everything.yml'), join(folder, 'cordon.yml'));

    const ofCheckout = launch(['check']).stdout;
    expect(launch(['check'], folder).stdout).not.toBe(ofCheckout);
    expect(launch(['check', '../cordon.yml'], folder).stdout).toBe(
      ofCheckout.replace('cordon.yml', '../cordon.yml'),
    );
  }, 180_000);

  it('finds the local stack of the checkout from a folder of it, and none from outside', () => {
    const state = join(checkout, '.cordon');
    mkdirSync(state);
    writeFileSync(
      join(state, 'local.json'),
      JSON.stringify({
        endpoint: 'http://127.0.0.1:9',
        region: 'us-east-1',
        pid: process.pid,
        credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
        ca: 'ca.pem',
      }),
    );
    const folder = join(checkout, 'docs');
    mkdirSync(folder);

    expect(launch(['list'], folder).stderr).toContain('the local stack at http://127.0.0.1:9');
    expect(launch(['list'], tmpdir()).stderr).toContain('AWS, stage dev');
    rmSync(state, { recursive: true });
  }, 180_000);

  it('says that the local stack was killed, and does not use AWS instead', () => {
    const state = join(checkout, '.cordon');
    mkdirSync(state);
    const { pid } = spawnSync('true');
    const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
    const file = { endpoint: 'http://127.0.0.1:9', region: 'us-east-1', pid, credentials, ca: 'ca.pem' };
    writeFileSync(join(state, 'local.json'), JSON.stringify(file));

    const killed = launch(['list']);

    expect(killed.status).toBe(5);
    expect(killed.stderr).toContain(`has crashed (process ${pid})`);
    expect(killed.stderr).not.toContain('AWS, stage dev');
    expect(launch(['list', '--aws']).stderr).toContain('AWS, stage dev');
    rmSync(state, { recursive: true });
  }, 180_000);

  it('writes what needs a file of its source beside it: the template of fleet provisioning', () => {
    const { status, stdout } = launch(['enroll', '--template', '--topic', 'app/' + '$' + '{thing}/*']);

    expect(status).toBe(0);
    expect(stdout).toContain('ZipFile');
  }, 180_000);

  it('imports node:http nowhere, which would load undici at each start', () => {
    const bundle = cliFolder(root);
    const files = readdirSync(bundle).filter((name) => name.endsWith('.mjs'));
    const importing = files.filter((name) =>
      /(?:from|import)\s*\(?"(?:node:)?http"/.test(readFileSync(join(bundle, name), 'utf8')),
    );

    expect(files.length).toBeGreaterThan(50);
    expect(importing).toEqual([]);
  });

  it('builds its bundle once, again after a source has changed, and keeps few', () => {
    const before = listBundles();
    launch(['--help']);
    expect(listBundles()).toEqual(before);

    const older = ['a', 'b', 'c'].map((digit, day) => ({ name: digit.repeat(32), day: day * 86_400 }));
    for (const { name, day } of older) {
      mkdirSync(join(checkout, 'dist', 'cli', name));
      utimesSync(join(checkout, 'dist', 'cli', name), day, day);
    }
    appendFileSync(join(checkout, 'shared', 'config', 'words.ts'), '\n// changed\n');
    expect(launch(['--help'])).toMatchObject({ status: 0, stderr: '' });
    const kept = [...before, 'c'.repeat(32)];
    expect(listBundles()).toHaveLength(3);
    expect(listBundles()).toEqual(expect.arrayContaining(kept));
  }, 120_000);

  it('runs without any package once its bundle exists', () => {
    launch(['--help']);
    rmSync(join(checkout, 'node_modules'));
    try {
      expect(launch(['check']).status).toBe(0);
    } finally {
      symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
    }
  }, 180_000);

  it('leaves no incomplete bundle behind if the build fails', () => {
    appendFileSync(join(checkout, 'cli', 'main.ts'), '\nexport const = ;\n');

    const broken = launch(['--help']);

    expect(broken.status).toBe(1);
    expect(broken.stderr).toContain('main.ts');
    expect(listBundles().filter((name) => name.startsWith('building-'))).toEqual([]);
  }, 180_000);
});
