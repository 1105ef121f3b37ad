import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgumentFile, UsageError } from '../../../agent/config/arguments';
import { parseCommandLine } from '../../../agent/config/flags';
import type { Dependencies, Settings } from '../../../agent/config/settings';

const dependencies: Dependencies = { env: {}, isRoot: false, homeDirectory: () => '/home/pi' };
const sample = ['-e', 'host', '-r', 'ca.pem', '-c', 'cert.pem', '-k', 'key.pem', '-id', 'mything1'];

function settingsOf(
  args: readonly string[],
  metrics: readonly string[] = [],
  around = dependencies,
): Settings {
  const commandLine = parseCommandLine(args, around, metrics);
  if (commandLine.type !== 'run') throw new Error(commandLine.type);
  return commandLine.settings;
}

describe('parseCommandLine', () => {
  it('takes the flags of the AWS sample agent', () => {
    const args = [...sample, '-t', 'thing2', '-i', '600', '-f', 'cbor', '-cm', '--verbosity', 'Error'];

    expect(settingsOf(args, ['num_child_procs_myapp', 'cpu_usage', 'temperature'])).toEqual({
      mode: 'report',
      connection: {
        endpoint: { host: 'host', port: 8883 },
        rootCaPath: 'ca.pem',
        certPath: 'cert.pem',
        keyPath: 'key.pem',
        clientId: 'mything1',
        thingName: 'thing2',
        timing: { connectTimeoutMs: 60_000, acknowledgeTimeoutMs: 60_000, keepAliveSeconds: 120 },
      },
      intervalMs: 600_000,
      sampleIntervalMs: 100,
      format: 'cbor',
      names: 'long',
      destinations: ['cordon'],
      metrics: [
        { metric: 'num_child_procs_myapp', collect: 'children', of: { name: 'myapp' } },
        { metric: 'cpu_usage', collect: 'cpu-percent' },
      ],
      unknownMetrics: ['temperature'],
      cpuBudgetPercent: 2,
      interfaces: { include: [], exclude: [] },
      stateDirectory: '/home/pi/.local/state/cordon-agent',
      logLevel: 'error',
    });
  });

  it.each([
    [['--client_id', 'mything1']],
    [['--client_id=mything1']],
    [['-id=mything1']],
    [['-id', 'other', '-id', 'mything1']],
  ])('takes %j for the client id, and for the thing name', (flags) => {
    expect(settingsOf([...sample.slice(0, 8), ...flags]).connection).toMatchObject({
      clientId: 'mything1',
      thingName: 'mything1',
    });
  });

  it.each([['-cm'], ['--custom-metrics'], ['--include-custom-metrics']])(
    'turns the default metrics on with %s',
    (flag) => {
      expect(settingsOf(['-d', flag], ['num_child_procs_myapp']).metrics).toHaveLength(1);
      expect(settingsOf(['-d'], ['num_child_procs_myapp']).metrics).toEqual([]);
    },
  );

  it('watches each named process once', () => {
    const args = ['-d', '-cm', '--children-of', 'myapp', '--children-of', 'nginx'];

    expect(settingsOf(args, ['num_child_procs_myapp']).metrics.map(({ metric }) => metric)).toEqual([
      'num_child_procs_myapp',
      'num_child_procs_nginx',
    ]);
  });

  it.each([
    ['host:443', { host: 'host', port: 443 }],
    ['a1b2-ats.iot.eu-west-1.amazonaws.com', { host: 'a1b2-ats.iot.eu-west-1.amazonaws.com', port: 8883 }],
    ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['[::1]:8884', { host: '::1', port: 8884 }],
  ])('takes the endpoint %s', (endpoint, expected) => {
    expect(settingsOf([...sample, '-e', endpoint]).connection?.endpoint).toEqual(expected);
  });

  it.each<[string, readonly string[]]>([
    ['--interval', ['-i', 'abc']],
    ['--interval', ['-i', '0']],
    ['--interval', ['-i', '-5']],
    ['--interval', ['-i', '1.5']],
    ['--interval', ['-i', '']],
    ['--interval', ['-i', '99999999999']],
    ['--interval', ['-i', '299', '--report-to', 'device-defender']],
    ['--interval', ['-i', '5', '--report-to', 'both']],
    ['--format', ['-f', 'xml']],
    ['--report-to', ['--report-to', 'aws']],
    ['--endpoint', ['-e', 'mqtts://host']],
    ['--endpoint', ['-e', 'host:0']],
    ['--endpoint', ['-e', 'host:65536']],
    ['--endpoint', ['-e', 'host/path']],
    ['--endpoint', ['-e', 'ho st']],
    ['--endpoint', ['-e', '']],
    ['--client_id', ['-id', 'x'.repeat(129)]],
    ['--client_id', ['-id', 'a\nb']],
    ['--client_id', ['-id', 'not a thing name']],
    ['--thing_name', ['-t', 'a/b']],
    ['--thing_name', ['-t', '+']],
    ['--thing_name', ['-t', 'x'.repeat(129)]],
    ['--children-of', ['--children-of', 'my\napp']],
    ['--children-of', ['--children-of', '/usr/bin/myapp']],
    ['--children-of', ['--children-of', 'x'.repeat(113)]],
    ['--sample-interval', ['--sample-interval', '1']],
    ['--verbosity', ['--verbosity', 'loud']],
    ['--once', ['--once']],
    ['--print', ['--print']],
    ['-w', ['-w', 'True']],
    ['-ph', ['-ph', 'proxy']],
    ['--nonsense', ['--nonsense']],
    ['--cert', ['-c']],
    ['stray', ['stray']],
  ])('refuses a bad %s in one line that names it: %j', (flag, args) => {
    const parse = () => settingsOf([...sample, ...args]);

    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(new RegExp(`^[^\\n]*${flag}[^\\n]*$`));
  });

  it.each([
    ['-e/--endpoint', 0],
    ['-r/--rootCA', 2],
    ['-c/--cert', 4],
    ['-k/--key', 6],
    ['-id/--client_id', 8],
  ])('asks for %s only if it connects', (flag, at) => {
    const args = sample.toSpliced(at, 2);

    expect(() => settingsOf(args)).toThrow(flag);
    expect(settingsOf([...args, '--dryrun']).mode).toBe('dryrun');
    expect(settingsOf(['--once', '--print']).mode).toBe('once');
  });

  it('lets the local stack report faster to Device Defender', () => {
    const args = [...sample, '-i', '5', '--report-to', 'both', '--allow-fast-reports'];

    expect(settingsOf(args)).toMatchObject({ intervalMs: 5000, destinations: ['cordon', 'device-defender'] });
  });

  it.each<[string, Partial<Dependencies>, string]>([
    ['systemd’s folder', { env: { STATE_DIRECTORY: '/var/lib/x' }, isRoot: true }, '/var/lib/x'],
    ['the system’s, for root', { isRoot: true }, '/var/lib/cordon-agent'],
    ['the user’s', { env: { XDG_STATE_HOME: '/s' } }, '/s/cordon-agent'],
  ])('keeps its state in %s', (_what, around, directory) => {
    expect(settingsOf(['-d'], [], { ...dependencies, ...around }).stateDirectory).toBe(directory);
  });

  it('checks with the same flags, and prints JSON only there', () => {
    const around = [dependencies, []] as const;

    expect(parseCommandLine(['check', ...sample, '--json'], ...around)).toEqual({
      type: 'check',
      json: true,
      settings: settingsOf(sample),
    });
    expect(() => parseCommandLine([...sample, '--json'], ...around)).toThrow(/--json/);
    expect(() => parseCommandLine(['check', ...sample, '--dryrun'], ...around)).toThrow(/^check: /);
    expect(() => parseCommandLine([...sample, 'check'], ...around)).toThrow(
      /belongs to no flag; the one command is "check", and comes first/,
    );
  });

  it.each([
    ['--help', 'Usage: cordon-agent'],
    ['--version', '0.0.0'],
  ])('prints for %s', (flag, text) => {
    expect(parseCommandLine([flag], dependencies)).toEqual({
      type: 'print',
      text: expect.stringContaining(text),
    });
  });
});

describe('@file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is replaced by the arguments in it, including two-letter flags', () => {
    const path = join(directory, 'args');
    writeFileSync(path, '# broker\n-e\nhost\n\n-id mything1\r\n--interval=60\n-r ca\n-c cert\n-k key\n');

    expect(settingsOf([`@${path}`, '-i', '90'])).toMatchObject({
      intervalMs: 90_000,
      connection: { clientId: 'mything1', certPath: 'cert' },
    });
  });

  it('is refused if it cannot be read', () => {
    expect(() => settingsOf([`@${directory}/none`])).toThrow(/^@.*none: cannot read .*ENOENT/);
  });

  it('cannot name another file, nor itself', () => {
    expect(() => parseArgumentFile('@self\n', 'self')).toThrow(UsageError);
  });
});
