import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { buildProgram } from '../../cli/program';
import { runProgram } from '../../cli/run-program';
import { minimalConfiguration } from '../builders';

/** Every command line in this process, with an AWS that refuses each call. */
let aws: Server;
let fault = '';
/** The names of the same errors in services with the older protocol. */
const ofQueries: Readonly<Record<string, string>> = {
  AccessDeniedException: 'AccessDenied',
  UnrecognizedClientException: 'InvalidClientTokenId',
};
let folder: string;
/** The texts on standard output. */
let said: string[] = [];
const before = { ...process.env };

beforeAll(async () => {
  aws = createServer((request, response) => {
    request.resume();
    if (request.headers['content-type']?.includes('x-www-form-urlencoded')) {
      const name = ofQueries[fault] ?? fault;
      response.writeHead(400, { 'content-type': 'text/xml' });
      response.end(`<ErrorResponse><Error><Code>${name}</Code><Message>no</Message></Error></ErrorResponse>`);
      return;
    }
    // The protocols of AWS name the error in the body or in a header.
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': fault });
    response.end(JSON.stringify({ __type: fault, message: 'no' }));
  }).listen(0, '127.0.0.1');
  await once(aws, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'cordon-every-'));
  await writeFile(join(folder, 'cordon.yml'), minimalConfiguration);
});
afterAll(async () => {
  aws.close();
  aws.closeAllConnections();
  await once(aws, 'close');
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  const { port } = aws.address() as AddressInfo;
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
  });
  said = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  process.exitCode = 0;
});

/** The exit code, on AWS even while a local stack runs in this checkout. */
async function run(line: string): Promise<number> {
  const args = line.split(' ').map((arg) => arg.replace('FOLDER', folder).replace('LONG', 'x'.repeat(1_001)));
  const code = (await runProgram(['--aws', ...args])) ?? Number(process.exitCode ?? 0);
  process.exitCode = 0;
  return code;
}

const wrong = [
  ...['list --limit 0', 'list --status x', 'list --severity x', 'list --since 7x', 'list --thing ../x'],
  ...['list extra', 'list --nonsense', 'show', 'show a b', 'show ../x', 'history --thing ../x'],
  ...['history --since x', 'history --limit 0', 'tail --thing ../x', 'tail --since x', 'metrics'],
  ...['metrics ../x', 'metrics a b c', 'metrics a b --since 15d', 'metrics a b --config FOLDER/none'],
  ...['verify', 'verify ../x', 'export', 'export ../x', 'export a --format xml'],
  ...['contain', 'contain ../x', 'contain a --wait x', 'contain a --wait -1', 'contain a --behavior b'],
  ...['approve', 'approve a --all', 'approve --expect 1', 'reject', 'reject ../x', 'release', 'release ../x'],
  ...['dismiss', 'dismiss a --force', 'harden', 'harden a --actions x', 'comment a', 'comment ../x -c x'],
  ...['assign', 'assign ../x', 'check FOLDER/none', 'check a b', 'import --detector x'],
  ...['detect', 'detect FOLDER/none', 'agents ../x', 'agents --old x', 'agents --limit 0'],
  ...[
    'release a -c LONG',
    'contain a --actor LONG',
    'contain a --actor=',
    'assign a --to LONG',
    'comment a --comment=',
  ],
  ...['kill-switch onn', 'kill-switch on --reason LONG', 'replay', 'replay a --since 7d'],
  ...['replay FOLDER/none', 'replay --since x', 'replay --since 1d --config FOLDER/none'],
  ...['console --port x', 'deploy', 'package', 'package out', 'remove', 'enroll', 'enroll ../x'],
  ...['enroll a --list FOLDER/none', 'enroll --list FOLDER/none', 'enroll a --policy x'],
  ...['enroll a --topic app/all', 'enroll a --root-ca FOLDER/none', 'enroll a --config FOLDER/none'],
  ...['retire', 'retire ../x', 'doctor ../x', 'doctor --config FOLDER/none', 'drill --endpoint x:y'],
  ...['drill extra', 'completion', 'completion tcsh', 'help nope', 'lst', '--stage ../x list'],
];

/** What asks AWS before anything else; `console` looks for its page before. */
const asking = [
  ...['list', 'list --watch', 'list --json', 'show a', 'history', 'tail', 'metrics a', 'metrics a b'],
  ...['verify a', 'export a', 'contain a', 'approve a', 'approve --all --expect 1', 'reject a', 'release a'],
  ...['dismiss a', 'harden a', 'comment a -c x', 'assign a', 'check --account', 'import FOLDER/new.yml'],
  ...['agents', 'agents a', 'kill-switch on', 'replay --since 1d', 'enroll a', 'retire a'],
  ...['doctor', 'doctor a'],
];

/**
 * These commands print text, write a file, open a page or print shell code; `export` and `enroll --template` always
 * print JSON.
 */
const withoutJson = [
  ...[
    'check',
    'complete',
    'completion',
    'console',
    'deploy',
    'enroll',
    'export',
    'help',
    'import',
    'package',
  ],
  ...['remove', 'retire'],
];

const nameOf = (line: string) => line.replace(/^--\w+ \S+ /, '').split(' ')[0];

it('the table of wrong command lines has each command', () => {
  const names = buildProgram().program.commands.map((command) => command.name());

  expect(names.filter((name) => !wrong.some((line) => nameOf(line) === name))).toEqual(['complete']);
});

it.each(wrong)('cordon %s exits 2, as the command line is wrong', async (line) => {
  expect(await run(line)).toBe(2);
});

it.each(asking)('cordon %s exits 3 if its rights do not suffice', async (line) => {
  fault = 'AccessDeniedException';

  expect(await run(line)).toBe(3);
});

it('each command that answers with data has --json, and the page lists it', () => {
  const { commands } = buildProgram().program;
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operating.md'), 'utf8');
  const without = commands.filter(({ options }) => !options.some(({ long }) => long === '--json'));
  const listed = page.split('## JSON for programs')[1]?.split('\n## ')[0]?.split('\n') ?? [];
  const rows = listed.filter((line) => line.startsWith('| `')).map((line) => line.split('|')[1] ?? '');

  expect(without.map((command) => command.name()).sort()).toEqual(withoutJson);
  expect([...rows.join().matchAll(/`([a-z-]+)/g)].map(([, name]) => name).sort()).toEqual(
    commands
      .filter((command) => !without.includes(command))
      .map((command) => command.name())
      .sort(),
  );
});

it.each([
  ['list --json', 'AccessDeniedException', 3, 'refused'],
  ['list --json --nonsense', '', 2, 'usage'],
  ['kill-switch onn --json', '', 2, 'usage'],
  ['check --json', '', 2, 'usage'],
  ['verify a --json', 'AccessDeniedException', 3, 'refused'],
  ['tail --json', 'AccessDeniedException', 3, 'refused'],
  ['release a --json', 'UnrecognizedClientException', 5, 'unreachable'],
  ['show a --json', 'ValidationException', 1, 'failed'],
] as const)('cordon %s answers an error as JSON', async (line, name, exitCode, kind) => {
  fault = name;

  expect(await run(line)).toBe(exitCode);
  expect(said.map((text) => JSON.parse(text))).toEqual([
    { error: { kind, exitCode, message: expect.any(String) } },
  ]);
});

it.each([...asking, 'kill-switch', 'drill'])(
  'cordon %s exits 5 if the credentials are of nobody',
  async (line) => {
    fault = 'UnrecognizedClientException';

    expect(await run(line)).toBe(5);
  },
);

it('a file that is there already is not replaced: exit 3', async () => {
  expect(await run('import FOLDER/cordon.yml')).toBe(3);
});

it.each(['completion bash', 'help', 'help show', '--version', 'list --help'])(
  'cordon %s exits 0 and asks nobody',
  async (line) => {
    fault = 'AccessDeniedException';

    expect(await run(line)).toBe(0);
  },
);

it('no help shows a default that is empty, off, or in milliseconds', () => {
  const helps = buildProgram().program.commands.map((command) => command.helpInformation());

  expect(helps.filter((help) => /default: (false|\[\]|\d{5,})/.test(help))).toEqual([]);
});
