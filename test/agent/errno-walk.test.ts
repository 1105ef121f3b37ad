import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { jest } from '@jest/globals';
import { runAgent } from '../../agent/cli/run-agent';
import { openServiceManager } from '../../agent/cli/service-manager';
import { CredentialsError } from '../../agent/config/credentials';
import { allInterfaces } from '../../agent/config/interface-rules';
import { parseMetrics } from '../../agent/config/parse-metrics';
import type { Settings } from '../../agent/config/settings';
import { host } from '../../agent/host';
import { createProcReader } from '../../agent/proc/proc-reader';
import type { Report } from '../../agent/report/report';
import { type DeviceFiles, writeDeviceFiles } from './certificates';
import { aStatLine } from './fake-proc';
import { memoryFolder } from './system';

type Call = (...args: never[]) => unknown;

/** All of errno(3) on Linux. For those that libuv has no name for, the error has a text but no code. */
const errnos = Array.from({ length: 133 }, (_, index) => index + 1);
/**
 * How long the agent looks, and how often it is told to reload. For each kind of call, one of these lives makes it most
 * often.
 */
interface Life {
  readonly lookMs: number;
  readonly reloads: number;
}
const lives: readonly [Life, ...Life[]] = [
  { lookMs: 1200, reloads: 1 },
  { lookMs: 40_000, reloads: 0 },
  { lookMs: 1, reloads: 12 },
  { lookMs: 1, reloads: 1 },
];
const kindsAtOnce = 12;
const withoutPath = new Set(['readSync', 'closeSync', 'fsyncSync']);
const special = [constants.errno.ENOENT, constants.errno.EACCES, constants.errno.EIO, constants.errno.EMFILE];
/** If these calls fail, the agent has nothing to report with. */
const fatal = /^readFileSync (?:ca|cert|key)\.pem$/;
const source = join(import.meta.dirname, '../../agent');
/** Errors of `os` carry their code inside (SystemError). */
const ofOs = new Set(['networkInterfaces', 'homedir']);

function anError(call: string, errno: number): Error {
  const code = getSystemErrorName(-errno);
  const about = { errno: -errno, code, syscall: call };
  if (!ofOs.has(call)) return Object.assign(new Error(`${code}: made up, ${call}`), about);
  return Object.assign(new Error(`A system error occurred: ${call} returned ${code}`), {
    code: 'ERR_SYSTEM_ERROR',
    info: about,
  });
}

function listSources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listSources(path) : path.endsWith('.ts') ? [path] : [];
  });
}

describe('the one place where the agent asks the operating system', () => {
  it('is host.ts: nothing else imports the file system, os or other programs, or writes to standard streams', () => {
    const others = listSources(source).filter((path) => {
      const text = readFileSync(path, 'utf8').replace(/^import type .*$/gm, '');
      const asks =
        /['"](?:node:)?(?:fs|os|child_process)(?:\/promises)?['"]|process\.(?:stdout|stderr)\.write|process\.(?:kill|cpuUsage)/;
      return asks.test(text);
    });

    expect(others.map((path) => path.slice(source.length + 1))).toEqual(['host.ts']);
  });
});

describe('an errno', () => {
  const calls = host as unknown as Record<string, Call>;
  const real = { ...calls };
  let directory: string;
  let files: DeviceFiles;
  let reports: Report[];
  let logged: string[];

  beforeAll(async () => {
    directory = mkdtempSync(join(memoryFolder, 'cordon-errno-'));
    files = await writeDeviceFiles(directory);
    writeMachine(join(directory, 'proc'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  beforeEach(() => {
    reports = [];
    logged = [];
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
    Object.assign(calls, real);
  });

  /** A machine with an app, its child, and a process that is neither. */
  function writeMachine(proc: string): void {
    const put = (path: string, text: string | Buffer): void => {
      mkdirSync(join(proc, path, '..'), { recursive: true });
      writeFileSync(join(proc, path), text);
    };
    put('loadavg', '0.00 0.01 0.05 1/234 12\n');
    put('uptime', '100.00 180.00\n');
    put('stat', 'cpu  1 2 3 4 5 6 7 8 0 0\n');
    put('meminfo', 'MemTotal: 100 kB\nMemAvailable: 50 kB\n');
    for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) put(`net/${table}`, '  sl  local_address\n');
    put('net/dev', 'Inter-|\n face |\n  eth0: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n');
    const processes = [
      { pid: 1, comm: 'init', ppid: 0 },
      { pid: 10, comm: 'myapp' },
      { pid: 11, comm: 'sh', ppid: 10 },
      { pid: 12, comm: 'cron' },
      { pid: process.pid, comm: 'agent' },
    ];
    for (const one of processes) {
      const { pid, comm } = one;
      put(`${pid}/stat`, aStatLine(one));
      put(`${pid}/cmdline`, `${comm}\0`);
      put(`${pid}/status`, `Name:\t${comm}\nTgid:\t${pid}\nUid:\t0\t0\t0\t0\nNSpid:\t${pid}\n`);
      put(`${pid}/cgroup`, `0::/system.slice/${comm}.service\n`);
      put(`${pid}/mountinfo`, '1 2 0:1 / /proc rw - proc proc rw\n');
      put(`${pid}/task/${pid}/children`, pid === 10 ? '11 ' : '');
      mkdirSync(join(proc, `${pid}/fd`));
      mkdirSync(join(proc, `${pid}/ns`));
      symlinkSync('socket:[5]', join(proc, `${pid}/fd/3`));
      symlinkSync('net:[1]', join(proc, `${pid}/ns/net`));
      symlinkSync('user:[1]', join(proc, `${pid}/ns/user`));
      symlinkSync('/', join(proc, `${pid}/root`));
      put(`${pid}/environ`, 'LD_LIBRARY_PATH=/usr/lib\0');
      put(`${pid}/maps`, '7f00-7f01 r-xp 0 fe:00 5 /usr/bin/sh\n');
      symlinkSync(`/usr/bin/${comm}`, join(proc, `${pid}/exe`));
      symlinkSync('/', join(proc, `${pid}/cwd`));
      for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) put(`${pid}/net/${table}`, '  sl  local_address\n');
    }
  }

  function settingsFor(state: string): Settings {
    const metrics = parseMetrics({
      children: { collect: 'children', of: { name: 'myapp' } },
      names: {
        collect: 'child-names',
        of: { name: 'myapp' },
        except: [{ executable: '/usr/bin/sh', arguments: [] }],
      },
      program: { collect: 'children', of: { executable: '/usr/bin/cron' } },
      script: { collect: 'children', of: { script: '/opt/app.js' } },
      unit: { collect: 'children', of: { unit: 'myapp.service' } },
      remotes: { collect: 'remote-addresses', of: { name: 'myapp' } },
      load: { collect: 'cpu-percent', of: { name: 'myapp' } },
      memory: { collect: 'memory', of: { name: 'myapp' } },
      machine_load: { collect: 'cpu-percent' },
      machine_memory: { collect: 'memory' },
      program_value: { collect: 'exec', command: ['/bin/true'] },
    });
    return {
      mode: 'report',
      connection: {
        endpoint: { host: 'localhost', port: 1 },
        ...files,
        clientId: 'mything1',
        thingName: 'mything1',
        timing: { connectTimeoutMs: 1000, acknowledgeTimeoutMs: 1000, keepAliveSeconds: 60 },
      },
      intervalMs: 1000,
      sampleIntervalMs: 400,
      format: 'json',
      names: 'long',
      destinations: ['cordon'],
      metrics,
      unknownMetrics: [],
      cpuBudgetPercent: 100,
      interfaces: allInterfaces,
      stateDirectory: state,
      logLevel: 'info',
    };
  }

  /** Starts the agent, lets it look and report, reloads and ends it. */
  async function live(state: string, { lookMs, reloads }: Life = lives[0]): Promise<void> {
    const settings = settingsFor(state);
    const log = (_level: string, event: string, fields: unknown = {}): void => {
      logged.push(`${event} ${JSON.stringify(fields)}`);
    };
    const manager = openServiceManager({ NOTIFY_SOCKET: '/run/notify' }, process.pid, log);
    const agent = runAgent(settings, log, manager, {
      proc: () => createProcReader(join(directory, 'proc')),
      openLink: () => ({
        isConnected: () => true,
        publish: async (_topic, payload) => {
          reports.push(JSON.parse(payload.toString()));
          return 'acknowledged';
        },
        close: async () => undefined,
      }),
    });
    await jest.advanceTimersByTimeAsync(lookMs);
    for (let count = 0; count < reloads; count += 1) {
      await agent.reload(() => settings);
      await jest.advanceTimersByTimeAsync(10);
    }
    await agent.stop();
  }

  const knownKinds = new Map<string, string>();

  /** The same of every process and thing is one kind of call. */
  function kindOf(call: string, args: readonly unknown[]): string {
    if (withoutPath.has(call)) return call;
    const key = `${call} ${args[0]}`;
    const known = call === 'execFile' ? undefined : knownKinds.get(key);
    if (known !== undefined) return known;
    const kind = describeKind(call, args);
    knownKinds.set(key, kind);
    return kind;
  }

  function describeKind(call: string, args: readonly unknown[]): string {
    const [first, second] = args;
    const path = String(first)
      .replace(directory, '')
      .replace(/^\/(?=(?:ca|cert|key)\.pem$)/, '')
      .replace(/\/state-[\w-]+/, '/state')
      .replace(/\d+/g, '#')
      .replace(/^-#$/, '');
    return `${call} ${path}${call === 'execFile' ? ` ${String((second as readonly string[])[0])}` : ''}`.trim();
  }

  function intercept(act: (call: string, kind: string) => void): void {
    for (const call of Object.keys(real)) {
      calls[call] = (...args: never[]) => {
        const isProgram = call === 'execFile' || call === 'spawn' || call === 'kill';
        // The descriptor is gone even if closing it fails (close(2)).
        const early = call === 'closeSync' ? real[call]?.(...args) : undefined;
        act(call, kindOf(call, args));
        // Nobody cuts the power here.
        if (call === 'closeSync' || call === 'fsyncSync') return early;
        return isProgram ? startNothing(args) : real[call]?.(...args);
      };
    }
  }

  /** Runs no program: the test tries the errnos of its start. */
  function startNothing(args: readonly unknown[]): unknown {
    const done = args.at(-1);
    if (typeof done === 'function') queueMicrotask(() => done(new Error('ENOENT: not run'), ''));
    const stream = { on: () => undefined, destroy: () => undefined };
    const child = {
      pid: undefined,
      stdout: stream,
      once: (event: string, then: (code: number) => void) => {
        if (event === 'close') queueMicrotask(() => then(1));
      },
    };
    return child;
  }

  it('never ends the agent, at any call, and ids still rise', async () => {
    /** For each kind of call, the life with the most calls for its time. */
    const best = new Map<string, { readonly life: Life; readonly callsAMs: number }>();
    for (const [index, life] of lives.entries()) {
      const calls = new Map<string, number>();
      intercept((_call, kind) => calls.set(kind, (calls.get(kind) ?? 0) + 1));
      const before = process.cpuUsage();
      await live(join(directory, `state-first-${index}`), life);
      const { user, system } = process.cpuUsage(before);
      for (const [kind, count] of calls) {
        const callsAMs = count / (user + system);
        if (callsAMs > (best.get(kind)?.callsAMs ?? 0)) best.set(kind, { life, callsAMs });
      }
    }
    const walked = [...best.keys()].sort();
    expect(walked).toEqual(
      expect.arrayContaining([
        'execFile systemd-notify --ready',
        'lstatSync /proc/#/root/usr/lib',
        'networkInterfaces undefined',
        'openSync /proc/#/environ',
        'openSync /proc/#/maps',
        'openSync /proc/#/stat',
        'openSync /proc/net/tcp',
        'readFileSync key.pem',
        'readdirSync /proc/.',
        'readlinkSync /proc/#/exe',
        'renameSync /state/mything#.report-id.#.tmp',
        'spawn /bin/true',
      ]),
    );

    let run = 0;
    /**
     * Runs one life in which a call fails with the errno that `next` gives for its kind. Returns '' or what went wrong.
     */
    const liveWith = async (next: (kind: string) => number | undefined, life: Life): Promise<string> => {
      reports = [];
      run += 1;
      intercept((call, kind) => {
        const errno = next(kind);
        if (errno !== undefined) throw anError(call, errno);
      });
      try {
        await live(join(directory, `state-${run}`), life);
        const ids = reports.map(({ header }) => header.report_id);
        const rises = ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? id));
        return ids.length < 2 || !rises ? `reports ${ids.join(' ')}` : '';
      } catch (error) {
        return String((error as Error).stack);
      }
    };
    const deaths: string[] = [];
    /**
     * Tries the errnos on the calls of one kind, one errno a call. A single errno is given to all calls of the kind.
     */
    const tryOne = async (kind: string, errnos: number[], life: Life): Promise<void> => {
      const left = [...errnos];
      for (let before = -1; left.length > 0 && left.length !== before; ) {
        before = left.length;
        const next = (seen: string) => {
          if (seen !== kind) return undefined;
          const errno = left.pop();
          return errnos.length === 1 ? errnos[0] : errno;
        };
        const death = await liveWith(next, life);
        if (death !== '') deaths.push(`${kind} ${errnos.map((one) => getSystemErrorName(-one))}: ${death}`);
      }
      if (left.length > 0) deaths.push(`${kind}: ${left.length} errnos were never tried`);
    };
    const kinds = walked.filter((one) => !fatal.test(one));
    // The errnos that the agent treats specially, each for a whole life.
    for (const kind of kinds) for (const errno of special) await tryOne(kind, [errno], lives[0]);
    // Then all errnos, another one for each call: several kinds in one life, or one kind alone if such a life ends
    // early.
    for (const life of lives) {
      const ofLife = kinds.filter((kind) => (best.get(kind)?.life ?? lives[0]) === life);
      for (let first = 0; first < ofLife.length; first += kindsAtOnce) {
        const left = new Map(ofLife.slice(first, first + kindsAtOnce).map((kind) => [kind, [...errnos]]));
        for (let tried = new Map<string, number[]>([['', []]]); tried.size > 0; ) {
          tried = new Map();
          const death = await liveWith((kind) => {
            const errno = left.get(kind)?.pop();
            if (errno !== undefined) tried.set(kind, [...(tried.get(kind) ?? []), errno]);
            return errno;
          }, life);
          if (death !== '') for (const [kind, errnosOf] of tried) await tryOne(kind, errnosOf, life);
        }
        for (const [kind, errnosOf] of left) if (errnosOf.length > 0) await tryOne(kind, errnosOf, life);
      }
    }

    expect(deaths.slice(0, 5)).toEqual([]);
    expect(deaths).toHaveLength(0);
  }, 600_000);

  it('is named in the reports wherever it prevents a measurement or a write', async () => {
    const kinds = new Set<string>();
    intercept((_call, kind) => kinds.add(kind));
    await live(join(directory, 'state-kinds'));
    /** Calls whose failure hides no measurement: at most, a detail of the evidence is missing. */
    const silent =
      /^(?:closeSync|execFile|l?statSync|accessSync)|uptime|self\/limits|mountinfo|\/status$|cwd$|\.pem$|passwd$|class\/net|^mkdirSync|^readFileSync (?:\/state|#)|^openSync \/state\/[\w#.-]+\.(?:report-id|starts)$/;
    const unnamed: string[] = [];
    for (const [index, kind] of [...kinds].filter((one) => !silent.test(one)).entries()) {
      reports = [];
      intercept((call, seen) => {
        if (seen === kind) throw anError(call, constants.errno.EIO);
      });
      await live(join(directory, `state-named-${index}`));
      const failures = reports.map((report) => report.failures ?? {});
      if (!failures.some((named) => JSON.stringify(named).includes('EIO'))) unnamed.push(kind);
    }

    expect(unnamed).toEqual([]);
  }, 180_000);

  it.each([...['ca.pem', 'cert.pem', 'key.pem']])(
    'is fatal only at %s, and the error names the file',
    async (file) => {
      intercept((call, kind) => {
        if (kind === `readFileSync ${file}`) throw anError(call, constants.errno.EIO);
      });

      await expect(live(join(directory, 'state-fatal'))).rejects.toThrow(CredentialsError);
    },
  );
});
