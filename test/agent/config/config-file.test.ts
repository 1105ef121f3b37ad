import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../../agent/config/arguments';
import { parseConfigFile } from '../../../agent/config/config-file';
import { parseCommandLine } from '../../../agent/config/flags';
import type { Settings } from '../../../agent/config/settings';
import { measureProcessorSeconds } from '../../processor-time';

const whole = `
# comment
endpoint: broker.example.com:443
rootCA: /etc/cordon-agent/root-ca.pem
cert: /etc/cordon-agent/certificate.pem
key: /etc/cordon-agent/private.key
clientId: gateway-7
thingName: mything1
interval: 600
sampleInterval: 250
format: cbor
customMetrics: true
reportTo: both
stateDirectory: /var/lib/cordon-agent
verbosity: Warn
`;

describe('a configuration file', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
    path = join(directory, 'config.yml');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function settingsOf(text: string, args: readonly string[] = []): Settings {
    writeFileSync(path, text);
    const dependencies = { env: {}, isRoot: false, homeDirectory: () => '/home/pi' };
    const commandLine = parseCommandLine(['--config', path, ...args], dependencies, [
      'num_child_procs_myapp',
    ]);
    if (commandLine.type !== 'run') throw new Error('no run');
    return commandLine.settings;
  }
  const expected = {
    mode: 'report',
    connection: {
      endpoint: { host: 'broker.example.com', port: 443 },
      rootCaPath: '/etc/cordon-agent/root-ca.pem',
      certPath: '/etc/cordon-agent/certificate.pem',
      keyPath: '/etc/cordon-agent/private.key',
      clientId: 'gateway-7',
      thingName: 'mything1',
    },
    intervalMs: 600_000,
    sampleIntervalMs: 250,
    format: 'cbor',
    destinations: ['cordon', 'device-defender'],
    stateDirectory: '/var/lib/cordon-agent',
    logLevel: 'warn',
  };

  it('has paths relative to its own folder, so a copied folder works', () => {
    const relative = whole.replaceAll('/etc/cordon-agent/', './').replace('/var/lib/cordon-agent', 'state');

    const { connection, stateDirectory } = settingsOf(relative);

    expect(connection).toMatchObject({
      rootCaPath: join(directory, 'root-ca.pem'),
      certPath: join(directory, 'certificate.pem'),
      keyPath: join(directory, 'private.key'),
    });
    expect(stateDirectory).toBe(join(directory, 'state'));
  });

  it('can set everything that flags can set', () => {
    expect(settingsOf(whole)).toMatchObject(expected);
  });

  it('may be JSON', () => {
    expect(settingsOf(JSON.stringify(parseLines(whole)))).toMatchObject(expected);
  });

  it('is overridden by a flag, even if the flag has the default value', () => {
    const settings = settingsOf(whole, ['-i', '300', '-f', 'json', '-id', 'other', '-t', 'thing2']);

    expect(settings).toMatchObject({
      intervalMs: 300_000,
      format: 'json',
      connection: { clientId: 'other', thingName: 'thing2', certPath: '/etc/cordon-agent/certificate.pem' },
    });
  });

  it('defines which metric counts which children', () => {
    const text = 'metrics:\n  shells: { collect: children, of: { name: myapp } }\n';

    expect(settingsOf(text, ['-d']).metrics).toEqual([
      { metric: 'shells', collect: 'children', of: { name: 'myapp' } },
    ]);
  });

  it('defines which interfaces count, and the CPU share of the agent', () => {
    const text = 'cpuBudget: 5\ninterfaces: { include: [wg0], exclude: [usb*] }\n';

    expect(settingsOf(text, ['-d'])).toMatchObject({
      cpuBudgetPercent: 5,
      interfaces: { include: ['wg0'], exclude: ['usb*'] },
    });
  });

  it.each(['0042', '89490200001234567890', '0x10', '12e3', '1.0', '.inf', 'true', '2026-01-01'])(
    'has the id that is written there, not the number or date that YAML makes of it: %s',
    (id) => {
      const text = whole.replace('gateway-7', `${id} # without quotes`);

      expect(settingsOf(text).connection?.clientId).toBe(id);
    },
  );

  it('may begin with a byte order mark and have the line ends of Windows', () => {
    expect(settingsOf(`\ufeff${whole.replaceAll('\n', '\r\n')}`)).toMatchObject(expected);
  });

  it('may be empty if flags are given', () => {
    expect(settingsOf('# nothing\n', ['-d']).mode).toBe('dryrun');
  });

  it.each([
    ['endpoint: mqtts://x', ':1: endpoint: must be HOST'],
    ['\ninterval: soon', ':2: interval: must be a whole number of seconds from 1 to 86400, not "soon"'],
    ['interval: 1.5', ':1: interval: must be a whole number'],
    ['interval:', ':1: interval: must be one value, not nothing'],
    ['interval: [300]', ':1: interval: must be one value, not a list or an object'],
    ['thingName: a/b', ':1: thingName: must be 1 to 128'],
    ['customMetrics: yes', ':1: customMetrics: must be true or false, not "yes"'],
    ['verbosity: loud', ':1: verbosity: must be one of NoLogs'],
    ['cert: ""', ':1: cert: must be the path of a file'],
    ['intervall: 300', ':1: intervall: unknown; expected one of endpoint, rootCA'],
    ['\nmetrics: [a]', ':2: metrics: must be an object of metric names'],
    ['metrics:\n  a: { collect: magic }', ':1: metrics.a.collect: must be one of children'],
    ['constructor: 1', ':1: constructor: unknown'],
    ['cpuBudget: 0', ':1: cpuBudget: must be a whole number of percent from 1 to 100'],
    ['interfaces: wg0', ':1: interfaces: must be an object with include and exclude'],
    ['interfaces: { only: [a] }', ':1: interfaces.only: unknown; expected one of include, exclude'],
    ['interfaces: { include: [a/b] }', ':1: interfaces.include: must be a list of interface names'],
    ['"a\\nb": 1', ':1: a\\\\nb: unknown'],
    ['endpoint: a\nendpoint: b', ':2: Map keys must be unique'],
    ['endpoint: [', ':1: '],
    ['just text', ':1: must be fields'],
    ['\nmetrics: *other', ':2: metrics: Unresolved alias'],
    [
      `metrics: { a: &a [x, x, x, x, x], b: &b [*a, *a, *a, *a, *a], c: &c [*b, *b, *b, *b, *b], d: [*c, *c, *c] }`,
      ':1: metrics: Excessive alias count',
    ],
    ['\nmetrics: !!set { num_child_procs_myapp }', ':2: Unresolved tag'],
    ['interval: !seconds 5', ':1: Unresolved tag'],
  ])('is refused with file, line and field: %j', (text, problem) => {
    const read = () => settingsOf(text);

    expect(read).toThrow(UsageError);
    expect(read).toThrow(`${path}${problem.replaceAll('\\\\', '\\')}`);
    expect(read).not.toThrow(/\n/);
  });

  it('is refused if everyone may write it, because it may name programs to run', () => {
    writeFileSync(path, whole);
    chmodSync(path, 0o666);

    expect(() => settingsOf(whole)).toThrow(/writable by everyone; chmod o-w/);
  });

  it('is refused if it cannot be read', () => {
    rmSync(directory, { recursive: true });
    const read = () =>
      parseCommandLine(['--config', path], { env: {}, isRoot: false, homeDirectory: () => '/' });

    expect(read).toThrow(`${path}: cannot read the configuration (ENOENT)`);
  });

  it('is refused at once, however many keys it has', () => {
    const keys = Array.from({ length: 25_000 }, (_, index) => `k${index}`);
    const read = (text: string) => () => parseConfigFile(text, 'f');

    const seconds = measureProcessorSeconds(() => {
      expect(read(keys.map((key) => `${key}: 1`).join('\n'))).toThrow(/^f:1: k0: unknown/);
      expect(read(`metrics: {${keys.join(',')}, k9: 1}`)).toThrow(/^f:1: Map keys must be unique/);
    });

    expect(seconds).toBeLessThan(5);
  });

  it.each([
    ['metrics:\n  a: { of: { name: x } }\n  "a": 1', 3],
    ['interfaces:\n  - include: [a]\n    include: [b]', 3],
    ['1: a\n0x1: b', 2],
  ])('is refused if a key stands there twice, however deep: %j', (text, line) => {
    expect(() => parseConfigFile(text, 'f')).toThrow(`f:${line}: Map keys must be unique`);
  });

  it.each([
    ['lists', `metrics: ${'['.repeat(200_000)}`],
    ['closed lists', `metrics: ${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['list items', `metrics:\n ${'- '.repeat(100_000)}`],
    ['keys', `metrics: ${'{? '.repeat(250)}a${'}'.repeat(250)}`],
    ['lists as keys', `metrics: ${'{['.repeat(150)}1${']: 1}'.repeat(150)}`],
  ])('is refused at once if it nests %s too deep', (_, text) => {
    const seconds = measureProcessorSeconds(() => {
      expect(() => parseConfigFile(`# a comment\n${text}`, 'f')).toThrow(
        /^f:[23]: nests more than 50 levels deep$/,
      );
    });

    expect(seconds).toBeLessThan(1);
  });

  it.each([
    [
      'merges what is no map',
      'metrics: { <<: 5 }',
      'f:3: metrics: Merge sources must be maps or map aliases',
    ],
    ['merges into the file', '<<: { endpoint: a }\nendpoint: b', 'f:3: Symbol(<<): unknown'],
  ])('is refused if it %s, as YAML 1.1 knows it', (_, text, fault) => {
    expect(() => parseConfigFile(`%YAML 1.1\n---\n${text}`, 'f')).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(fault) }),
    );
  });

  it('is refused at once, however many faults one line has', () => {
    const seconds = measureProcessorSeconds(() => {
      expect(() => parseConfigFile(`{${'"a": "\\q", '.repeat(20_000)}}`, 'f')).toThrow('f:1: Invalid escape');
    });

    expect(seconds).toBeLessThan(3);
  });

  it('is not waited for if it is a pipe, and not read if it is larger than any', () => {
    const read = () =>
      parseCommandLine(['--config', path], { env: {}, isRoot: false, homeDirectory: () => '/' });
    execFileSync('mkfifo', ['-m', '600', path]);
    // So that a reading that waits for a writer ends.
    const waited = join(directory, 'waited');
    const writer = spawn('sh', ['-c', 'sleep 20; : > "$0"; : > "$1"', waited, path], { stdio: 'ignore' });

    expect(read).toThrow(`${path}: cannot read the configuration (no regular file)`);
    expect(existsSync(waited)).toBe(false);
    writer.kill();
    rmSync(path);
    writeFileSync(path, '', { mode: 0o600 });
    truncateSync(path, 3 * 1024 ** 3);
    expect(read).toThrow(`${path}: cannot read the configuration (too large)`);
  });

  it('is refused if it is too large', () => {
    expect(() => parseConfigFile(`# ${'x'.repeat(300_000)}`, 'f')).toThrow('f: too large');
  });
});

function parseLines(text: string): Record<string, string | number | boolean> {
  const lines = text.split('\n').filter((line) => /^\w/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(': ');
      const value = line.slice(at + 2);
      return [line.slice(0, at), /^\d+$/.test(value) ? Number(value) : value === 'true' ? true : value];
    }),
  );
}
