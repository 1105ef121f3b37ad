import { host } from '../../agent/host';
import { createMetricSampler, type MetricSampler } from '../../agent/metrics/metric-sampler';
import { createChance } from './chance';
import { agentPid, type Machine, mostPids, type Program, startMachine } from './simulated-machine';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const lookEveryMs = 100;
/** While nothing happens, all looks are alike, so the test plays only those that scan. */
const quietEveryMs = 2 * minuteMs;
/** What began between two looks is found by the next scan at the latest. */
const foundWithinMs = 15 * secondMs;
const goneWithinMs = 2 * secondMs;
const group = '/system.slice/myapp.service';

function program(exe: string, ...args: readonly string[]): Program {
  return { comm: exe.slice(exe.lastIndexOf('/') + 1), exe, args: [exe, ...args] };
}

const shell = (line: string): Program => ({
  comm: 'sh',
  exe: '/usr/bin/dash',
  args: ['/bin/sh', '-c', line],
});
const app = program('/opt/myapp/myapp');
const web = program('/usr/bin/webapp');

interface Life {
  readonly machine: Machine;
  readonly chance: (below: number) => number;
  /** Lets time go by, with the agent's looks. */
  pass(ms: number): void;
  main: number;
  control: number;
  shim: number;
  web: number;
  /** The clock that people see, which is set now and then. */
  wallClock: number;
}

/** Forks and becomes a program, with a moment between. */
function run(
  life: Life,
  parent: number,
  what: Program,
  changes: Parameters<Machine['fork']>[1] = {},
): number {
  const pid = life.machine.fork(parent, changes);
  life.pass(life.chance(3));
  life.machine.exec(pid, what);
  return pid;
}

/** Runs a program to its end. */
function call(life: Life, parent: number, what: Program, ms = 1 + life.chance(300)): void {
  const pid = run(life, parent, what);
  life.pass(ms);
  life.machine.exit(pid);
}

/** What systemd starts: a session of its own, its own name in brackets first, then the program. */
function startUnit(life: Life, cgroup: string, what: Program): number {
  const pid = life.machine.fork(1, { cgroup });
  life.machine.setsid(pid);
  life.machine.exec(pid, {
    comm: `(${what.comm.slice(0, 13)})`,
    exe: '/usr/lib/systemd/systemd',
    args: ['(systemd)'],
  });
  life.pass(1 + life.chance(8));
  life.machine.exec(pid, what);
  return pid;
}

function runUnit(life: Life, unit: string, act: (pid: number) => void, what = shell('exec true')): void {
  const pid = startUnit(life, `/system.slice/${unit}.service`, what);
  act(pid);
  life.machine.exit(pid);
}

function startApp(life: Life): void {
  // ExecStartPre=
  life.control = startUnit(life, group, program('/usr/bin/mkdir', '-p', '/run/myapp'));
  life.pass(1 + life.chance(30));
  life.machine.exit(life.control);
  life.control = 0;
  life.main = startUnit(life, group, app);
  for (let count = 0; count < 3; count += 1) life.machine.addThread(life.main);
}

function restartApp(life: Life): void {
  life.machine.exit(life.main);
  life.main = 0;
  life.pass(life.chance(200));
  startApp(life);
}

function reloadApp(life: Life): void {
  life.control = startUnit(life, group, program('/usr/bin/kill', '-HUP', String(life.main)));
  life.pass(1 + life.chance(20));
  life.machine.exit(life.control);
  life.control = 0;
}

function startContainer(life: Life): void {
  const { machine, chance } = life;
  const id = Array.from({ length: 64 }, () => chance(16).toString(16)).join('');
  const containerd = 402;
  const parent = run(life, containerd, program('/usr/bin/containerd-shim-runc-v2', '-id', id), {});
  machine.setsid(parent);
  life.pass(chance(20));
  // The shim ends its own parent, and adopts what is left below it.
  life.shim = machine.fork(parent, { isSubreaper: true });
  machine.exit(parent);
  const runc = run(life, life.shim, program('/usr/bin/runc', 'create', id));
  const init = machine.fork(runc, { cgroup: `/system.slice/docker-${id}.scope`, namespaceDepth: 2 });
  machine.setsid(init);
  life.pass(chance(20));
  machine.exec(init, web);
  machine.exit(runc);
  life.web = init;
}

function stopContainer(life: Life): void {
  life.machine.exit(life.web);
  life.machine.exit(life.shim);
}

/** `docker exec` of a HEALTHCHECK: runc puts a process into the container, which the shim adopts. */
function checkHealth(life: Life): void {
  const { machine } = life;
  const cgroup = machine.proc.read(`${life.web}/cgroup`).toString().slice(3).trim();
  const runc = run(life, life.shim, program('/usr/bin/runc', 'exec', 'x'));
  const check = machine.fork(runc, { cgroup, namespaceDepth: 2 });
  machine.setsid(check);
  life.pass(life.chance(5));
  machine.exec(check, shell('curl -f http://localhost/ || exit 1'));
  machine.exit(runc);
  call(life, check, program('/usr/bin/curl', '-f', 'http://localhost/'));
  machine.exit(check);
}

function runCron(life: Life, act: (job: number) => void): void {
  const cron = 351;
  const child = life.machine.fork(cron);
  life.pass(life.chance(3));
  const job = life.machine.fork(child);
  life.machine.setsid(job);
  life.machine.exec(job, shell('command -v debian-sa1 > /dev/null && debian-sa1 1 1'));
  act(job);
  life.machine.exit(job);
  life.machine.exit(child);
}

/** A login with a few commands, some of which have the app's name among their arguments. */
function logIn(life: Life, number: number, act: (bash: number) => void): void {
  const sshd = run(life, 421, program('/usr/sbin/sshd', '-D', '-R'));
  life.machine.setsid(sshd);
  life.pass(life.chance(400));
  const scope = `/user.slice/user-1000.slice/session-${number}.scope`;
  life.machine.move(sshd, scope);
  const forked = life.machine.fork(sshd);
  const bash = run(life, forked, program('/usr/bin/bash', '-l'));
  life.machine.setsid(bash);
  for (const what of [
    program('/usr/bin/tail', '-n', '20', '/var/log/myapp'),
    program('/usr/bin/pgrep', '-a', 'myapp'),
    program('/usr/bin/vim.basic', '/etc/myapp'),
    shell('ps aux | grep myapp'),
  ])
    call(life, bash, what);
  act(bash);
  for (const pid of [bash, forked, sshd]) life.machine.exit(pid);
}

/** dpkg with its maintainer scripts: hundreds of short processes at once, and what they start anew. */
function upgrade(life: Life): void {
  runUnit(
    life,
    'apt-daily-upgrade',
    (python) => {
      const dpkg = run(life, python, program('/usr/bin/dpkg', '--configure', '-a'));
      for (let count = 0; count < 150; count += 1) {
        const script = run(life, dpkg, shell('/var/lib/dpkg/info/x.postinst configure'));
        call(
          life,
          script,
          program('/usr/bin/deb-systemd-helper', 'enabled', 'myapp.service'),
          life.chance(4),
        );
        life.machine.exit(script);
      }
      // needrestart, and systemd's own update, after which systemd executes itself again under the same number.
      life.machine.exec(1, program('/usr/lib/systemd/systemd', '--deserialize', '30'));
      restartApp(life);
      life.machine.exit(dpkg);
    },
    { ...program('/usr/bin/python3.11', '/usr/bin/unattended-upgrade'), comm: 'unattended-upgr' },
  );
  stopContainer(life);
  life.pass(life.chance(500));
  startContainer(life);
}

/** Threads come and go in the app. */
function work(life: Life): void {
  const threads = Array.from({ length: 1 + life.chance(4) }, () => life.machine.addThread(life.main));
  life.pass(life.chance(200));
  for (const thread of threads) life.machine.endThread(life.main, thread);
}

/** Each starts a child of the app, and returns a function that ends it. */
const attacks: Readonly<Record<string, (life: Life) => () => void>> = {
  'a shell': (life) => {
    const pid = run(life, life.main, shell('id'));
    return () => life.machine.exit(pid);
  },
  'a child of 5 ms': (life) => {
    call(life, life.main, program('/usr/bin/id'), 5);
    return () => undefined;
  },
  'a zombie': (life) => {
    const pid = run(life, life.main, program('/usr/bin/id'));
    life.machine.exit(pid, false);
    return () => undefined;
  },
  'a double fork in a session of its own': (life) => {
    const first = life.machine.fork(life.main);
    const second = life.machine.fork(first);
    life.machine.setsid(second);
    life.machine.exit(first);
    life.pass(life.chance(5));
    life.machine.exec(second, program('/tmp/.x/miner'));
    return () => life.machine.exit(second);
  },
  'a child of the app’s own name': (life) => {
    const pid = life.machine.fork(life.main);
    return () => life.machine.exit(pid);
  },
  'a shell in the container': (life) => {
    const pid = run(life, life.web, shell('id'));
    return () => life.machine.exit(pid);
  },
  'a double fork in the container': (life) => {
    const first = life.machine.fork(life.web);
    const second = life.machine.fork(first);
    life.machine.exit(first);
    life.pass(life.chance(5));
    life.machine.exec(second, program('/tmp/.x/miner'));
    return () => life.machine.exit(second);
  },
};

describe('a week of a Debian device', () => {
  const { execFile } = host;
  afterEach(() => {
    host.execFile = execFile;
  });

  function begin(seed: number) {
    const machine = startMachine();
    const chance = createChance(seed);
    /** Answers of systemctl that are on their way. */
    const answers: { readonly at: number; readonly give: () => void }[] = [];
    const seen: { readonly at: number; readonly what: string }[] = [];
    let lookAt = 0;
    let sampler: MetricSampler;

    const look = (): void => {
      while (answers[0] && answers[0].at <= machine.now) answers.shift()?.give();
      for (const sample of sampler.sample(machine.now)) {
        const { metric, seen: value, evidence, traces } = sample;
        const level = value.kind === 'count' ? value.level : value.kind;
        const pieces = [...evidence, ...traces].map(({ commandLine }) => commandLine);
        if (level !== 0 || pieces.length > 0)
          seen.push({ at: machine.now, what: `${metric} ${level} ${pieces}` });
      }
    };
    const life: Life = {
      machine,
      chance,
      main: 0,
      control: 0,
      shim: 0,
      web: 0,
      wallClock: 1_700_000_000_000,
      pass: (ms) => {
        const until = machine.now + ms;
        while (lookAt <= until) {
          life.wallClock += lookAt - machine.now;
          machine.now = lookAt;
          look();
          lookAt += lookEveryMs;
        }
        life.wallClock += until - machine.now;
        machine.now = until;
      },
    };
    host.execFile = ((
      _file: string,
      args: readonly string[],
      _options: unknown,
      done: (error: null, output: string) => void,
    ) => {
      const isApps = args.at(-1) === 'myapp.service';
      const pid = machine.fork(agentPid);
      const give = (): void => {
        machine.exit(pid);
        done(null, `MainPID=${isApps ? life.main : 0}\nControlPID=${isApps ? life.control : 0}\n`);
      };
      answers.push({ at: machine.now + 5 + chance(60), give });
    }) as unknown as typeof host.execFile;
    sampler = createMetricSampler(
      machine.proc,
      [
        { metric: 'by_name', collect: 'children', of: { name: 'myapp' } },
        { metric: 'by_unit', collect: 'children', of: { unit: 'myapp.service' } },
        { metric: 'container', collect: 'children', of: { name: 'webapp' } },
      ],
      { users: String, wallClock: () => life.wallClock, ownPid: agentPid },
    );
    /** Goes on to a time without a look in between but those that scan. */
    const skipTo = (at: number): void => {
      life.pass(secondMs);
      while (machine.now + quietEveryMs < at) {
        lookAt = machine.now + quietEveryMs;
        life.pass(quietEveryMs);
      }
      if (at > machine.now) {
        lookAt = at;
        life.pass(at - machine.now);
      }
    };
    return { life, seen, skipTo };
  }

  /** What happens by itself, with the time of each, in order. */
  function plan(
    chance: (below: number) => number,
  ): readonly (readonly [at: number, act: (life: Life) => void])[] {
    const every = (ms: number, act: (life: Life) => void) =>
      Array.from({ length: Math.floor((7 * dayMs) / ms) }, (_, index): [number, typeof act] => [
        index * ms + chance(ms - 1),
        act,
      ]);
    let sessions = 0;
    return [
      ...every(10 * minuteMs, (life) =>
        runCron(life, (job) => call(life, job, program('/usr/lib/sysstat/debian-sa1', '1', '1'))),
      ),
      ...every(2 * hourMs, (life) =>
        runCron(life, (job) => call(life, job, program('/opt/myapp/myapp', '--version'))),
      ),
      ...every(10 * minuteMs, checkHealth),
      ...every(15 * minuteMs, work),
      ...every(3 * hourMs, (life) => {
        sessions += 1;
        logIn(life, sessions, (bash) => {
          if (sessions % 4 === 0) restartApp(life);
          else call(life, bash, program('/opt/myapp/myapp', '--help'));
        });
      }),
      ...every(dayMs, (life) =>
        runUnit(life, 'logrotate', (pid) => {
          call(life, pid, program('/usr/bin/systemctl', 'reload', 'myapp'));
          reloadApp(life);
        }),
      ),
      ...every(6 * hourMs, reloadApp),
      ...every(2 * dayMs, upgrade),
      ...every(12 * hourMs, (life) => {
        // A crash: systemd starts it again.
        life.machine.exit(life.main);
        life.pass(life.chance(3000));
        startApp(life);
      }),
      ...every(dayMs, (life) => {
        life.wallClock += (life.chance(2) === 0 ? -1 : 1) * life.chance(hourMs);
      }),
    ].sort((a, b) => a[0] - b[0]);
  }

  it('has no child of the app or the container, whatever cron, logins, upgrades, reloads and health checks start', () => {
    const { life, seen, skipTo } = begin(1);
    startApp(life);
    startContainer(life);
    let pids = 0;
    const { fork } = life.machine;
    life.machine.fork = (...given) => {
      pids += 1;
      return fork(...given);
    };
    for (const [at, act] of plan(life.chance)) {
      skipTo(at);
      act(life);
    }
    skipTo(7 * dayMs);

    expect(seen).toEqual([]);
    // Enough for the numbers to come round.
    expect(pids).toBeGreaterThan(3 * mostPids);
  }, 120_000);

  it('finds every child among all that', () => {
    const { life, seen, skipTo } = begin(2);
    startApp(life);
    startContainer(life);
    const days = plan(life.chance);
    const names = Object.keys(attacks);
    const missed: string[] = [];
    const wrong: unknown[] = [];
    for (const [index, [at, act]] of days.entries()) {
      skipTo(at);
      const isAttack = index % 40 === 20;
      const name = names[Math.floor(index / 40) % names.length] ?? '';
      const from = life.machine.now;
      const end = isAttack ? attacks[name]?.(life) : undefined;
      act(life);
      if (!isAttack) continue;
      life.pass(foundWithinMs);
      if (!seen.some((one) => one.at >= from)) missed.push(`${name} at ${from}`);
      end?.();
      life.pass(goneWithinMs);
      wrong.push(...seen.splice(0).filter((one) => one.at < from));
    }
    skipTo(7 * dayMs);

    expect({ missed, wrong, after: seen }).toEqual({ missed: [], wrong: [], after: [] });
  }, 120_000);
});
