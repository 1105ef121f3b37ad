import type { ProcessSelector } from '../../../agent/config/metric-definition';
import { createChildSampler } from '../../../agent/processes/child-sampler';
import { createUnitStates, type UnitStates } from '../../../agent/processes/unit-state';
import { aProc, type FakeProc, type FakeProcess, ownPid } from '../fake-proc';

const systemd: FakeProcess = { pid: 1, comm: 'systemd', ppid: 0 };
const cgroup = '0::/system.slice/myapp.service\n';
const app: FakeProcess = { pid: 910, comm: 'myapp', session: 910, cgroup };
const escaped: FakeProcess = { pid: 912, comm: 'miner', session: 912, cgroup };

/** systemd as it answers at the next look; `undefined` is no answer at all. */
function answering(...states: readonly ({ main?: number; control?: number } | undefined)[]): UnitStates {
  let asked = 0;
  return createUnitStates((_unit, answer) => {
    const state = states[Math.min(asked, states.length - 1)];
    asked += 1;
    answer(state && `MainPID=${state.main ?? 0}\nControlPID=${state.control ?? 0}\n`);
  });
}

function watch(
  proc: FakeProc,
  { units = answering(undefined), of = { name: 'myapp' } }: { units?: UnitStates; of?: ProcessSelector } = {},
) {
  const sampler = createChildSampler(proc, [of], ownPid, units);
  let now = 0;
  return (passedMs = 100) => {
    now += passedMs;
    const [sample] = sampler.sample(now);
    if (!sample) throw new Error('no sample');
    return { children: [...sample.family.children.keys()], caveats: sample.caveats.map(({ note }) => note) };
  };
}

const notAlone = [expect.stringMatching(/^myapp is not known to be alone in the cgroup \//)];

describe('a neighbor in a cgroup is not a child', () => {
  it('of rc.local, whose shell ended and left both to pid 1', () => {
    const group = '0::/system.slice/rc-local.service\n';
    const zrc = { pid: 101, comm: 'myapp', session: 100, cgroup: group };
    const other = { pid: 102, comm: 'othersvc', session: 100, cgroup: group };
    const sample = watch(aProc([zrc, other]));

    expect([sample(), sample(11_000)]).toEqual([
      { children: [], caveats: notAlone },
      { children: [], caveats: notAlone },
    ]);
  });

  it('in a cgroup of no unit, also when the app is its only process for a while', () => {
    const group = '0::/shared\n';
    const proc = aProc([{ ...app, cgroup: group }]);
    const sample = watch(proc);
    sample();
    proc.become([
      { ...app, cgroup: group },
      { ...escaped, cgroup: group },
    ]);

    expect(sample().children).toEqual([]);
  });

  it('of cron, whose job goes on while cron is updated and started anew', () => {
    const group = '0::/system.slice/cron.service\n';
    const job = { ...app, cgroup: group };
    const proc = aProc([systemd, { pid: 50, comm: 'cron', cgroup: group }, job]);
    const sample = watch(proc, { units: answering({ main: 50 }) });
    sample();
    proc.become([systemd, job]);
    sample(11_000);
    proc.become([systemd, job, { pid: 950, comm: 'cron', session: 950, cgroup: group }]);

    expect(sample().children).toEqual([]);
  });

  it('of a cron job that was alone when the agent started, if systemd names another main process', () => {
    const group = '0::/system.slice/cron.service\n';
    const job = { ...app, cgroup: group };
    const proc = aProc([systemd, job]);
    const sample = watch(proc, { units: answering({ main: 50 }) });
    sample();
    sample();
    proc.become([systemd, job, { pid: 950, comm: 'cron', session: 950, cgroup: group }]);

    expect(sample()).toEqual({ children: [], caveats: notAlone });
  });

  it('after the app restarted, even if it was one before in a cgroup that the app no longer owns', () => {
    const proc = aProc([app]);
    const sample = watch(proc);
    sample();
    proc.become([app, escaped]);
    const before = sample().children;
    // It was moved to another cgroup, and the reason to keep it is gone.
    proc.become([app, { ...escaped, cgroup: '0::/system.slice/other.service\n' }]);

    expect([before, sample(11_000).children]).toEqual([[912], []]);
  });
});

describe('what a manager puts into the cgroup of the app is not a child', () => {
  it.each(['control', '.control'])('if systemd puts it into %s', (folder) => {
    const proc = aProc([app]);
    const sample = watch(proc);
    sample();
    proc.become([app, { ...escaped, comm: 'kill', cgroup: `0::/system.slice/myapp.service/${folder}\n` }]);

    expect(sample().children).toEqual([]);
  });

  it.each<[string, ProcessSelector]>([
    ['by name', { name: 'myapp' }],
    ['by unit', { unit: 'myapp.service' }],
  ])('if systemd starts it beside the main process (ExecReload=), watched %s', (_how, of) => {
    const proc = aProc([systemd, app]);
    const sample = watch(proc, { units: answering({ main: 910 }, { main: 910, control: 912 }), of });
    sample();
    sample();
    proc.become([systemd, app, { ...escaped, comm: 'kill' }]);

    expect([sample(1000).children, sample(1000).children]).toEqual([[], []]);
  });

  it.each<[string, ProcessSelector]>([
    ['by name', { name: 'myapp' }],
    ['by unit', { unit: 'myapp.service' }],
  ])('if a command of systemd starts it, even after its parent has ended, watched %s', (_how, of) => {
    const proc = aProc([systemd, app]);
    const sample = watch(proc, { units: answering({ main: 910 }, { main: 910, control: 912 }), of });
    sample();
    sample();
    const command = { ...escaped, comm: 'sh' };
    const began = { ...escaped, pid: 913, ppid: 912, comm: 'sleep' };
    proc.become([systemd, app, command, began, { ...began, pid: 914, ppid: 1 }]);

    expect([sample(1000).children, sample(1000).children]).toEqual([[], []]);
  });

  it('if systemd runs it before the main process (ExecStartPre=), watched by unit', () => {
    const proc = aProc([systemd]);
    const units = answering({ control: 912 }, { main: 920 });
    const sample = watch(proc, { units, of: { unit: 'myapp.service' } });
    sample();
    const command = { ...escaped, comm: 'sh' };
    proc.become([systemd, command, { ...escaped, pid: 913, ppid: 912, comm: 'sleep' }]);
    const during = [sample(1000).children, sample(1000).children];
    proc.become([systemd, { ...app, pid: 920, session: 920 }]);
    const after = sample(1000).children;
    proc.become([systemd, { ...app, pid: 920, session: 920 }, { ...app, pid: 921, ppid: 920, session: 920 }]);

    expect([during, after, sample(1000).children]).toEqual([[[], []], [], [921]]);
  });

  it('if systemd has just forked it, and it has no session of its own yet, watched by unit', () => {
    const proc = aProc([systemd]);
    const sample = watch(proc, {
      units: answering({ control: 912, main: 910 }),
      of: { unit: 'myapp.service' },
    });
    sample();
    proc.become([systemd, app, { ...escaped, comm: 'systemd', session: 1 }]);
    const forked = [sample().children, sample().children];
    const command = { ...escaped, comm: 'sh' };
    proc.become([systemd, app, command, { ...escaped, pid: 913, ppid: 912, comm: 'sleep' }]);

    expect([...forked, sample(1000).children, sample(1000).children]).toEqual([[], [], [], []]);
  });

  it('if systemd started it, and it ended before systemd could say so', () => {
    const proc = aProc([systemd, app]);
    const silent: UnitStates = { look: () => undefined, usedMs: () => 0 };
    const sample = watch(proc, { units: silent });
    sample();
    proc.become([systemd, app, { ...escaped, comm: 'kill' }]);
    const during = sample().children;
    proc.become([systemd, app]);

    expect([during, sample(4000).children]).toEqual([[], []]);
  });

  describe.each<[string, ProcessSelector]>([
    ['by name', { name: 'myapp' }],
    ['by unit', { unit: 'myapp.service' }],
  ])('of systemd, that a command of its own left running, watched %s', (_how, of) => {
    /** A tenth of a second old: uptime stands at 100 s there. */
    const left = { ...escaped, pid: 913, session: 912, comm: 'sleep', startTicks: 9990 };
    const wall = Date.parse('2026-11-29T05:39:39.400Z');
    /** The record that systemd 252 writes for a reload of that many seconds ago. */
    const record = (pid: number, secondsAgo: number): string => {
      const time = new Date(wall - secondsAgo * 1000).toISOString().replace('T', ' ').slice(0, 19);
      const times = `start_time=[Sun ${time} UTC] ; stop_time=[Sun ${time} UTC]`;
      return `ExecReload={ path=/bin/sh ; argv[]=/bin/sh -c sleep 150 & ; ignore_errors=no ; ${times} ; pid=${pid} ; code=exited ; status=0 }`;
    };
    const asked = (reload: string, answers?: ((output: string) => void)[]): UnitStates =>
      createUnitStates(
        (_unit, answer) => {
          const give = () => answer(`MainPID=910\nControlPID=0\n${reload}\n`);
          if (answers) answers.push(give);
          else give();
        },
        () => 0,
        () => wall,
      );
    const start = (units: UnitStates) => {
      const proc = aProc([systemd, app]);
      const sampler = createChildSampler(proc, [of], ownPid, units);
      let now = 0;
      return {
        proc,
        look: (passedMs = 1000) => {
          now += passedMs;
          const [sample] = sampler.sample(now);
          return { children: [...(sample?.family.children.keys() ?? [])], traces: sample?.traces };
        },
      };
    };

    it('nor is what it starts later', () => {
      const { proc, look } = start(asked(record(912, 0)));
      look();
      proc.become([systemd, app, left]);
      const first = [look(), look()];
      proc.become([systemd, app, left, { ...left, pid: 950, ppid: 913, startTicks: 9999 }]);

      expect([...first, look(), look()].map(({ children }) => children)).toEqual([[], [], [], []]);
    });

    it.each([
      ['in another session', record(911, 0)],
      ['in a session that got the number long after', record(912, 20)],
      ['of a unit that runs no commands', ''],
    ])('but an escape %s is one', (_what, reload) => {
      const { proc, look } = start(asked(reload));
      look();
      proc.become([systemd, app, left]);
      look();

      expect(look().children).toEqual([913]);
    });

    it.each([
      ['but an escape that ended before systemd answered leaves a trace', '', 1],
      ['nor does what was left and ended before systemd answered', record(912, 0), 0],
    ])('%s', (_what, reload, traces) => {
      const answers: ((output: string) => void)[] = [];
      const { proc, look } = start(asked(reload, answers));
      const answer = (): void => {
        for (const give of answers.splice(0)) give('');
      };
      look();
      answer();
      look();
      proc.become([systemd, app, left]);
      look();
      proc.become([systemd, app]);
      const early = look(100);
      answer();
      const late = [look(100)];
      // In some cases, the agent first asked about something else.
      answer();
      late.push(look(100), look(100));

      expect(early).toEqual({ children: [], traces: [] });
      expect(late.flatMap((one) => one.traces ?? [])).toHaveLength(traces);
      expect(late.map(({ children }) => children)).toEqual([[], [], []]);
    });
  });

  it('if it is a container’s health check, whose parent is outside', () => {
    const group = '0::/docker/0123456789ab\n';
    const shim = { pid: 40, comm: 'containerd-shim', cgroup: '0::/system.slice/containerd.service\n' };
    const runc = { pid: 41, comm: 'runc', ppid: 40 };
    const inside = { ...app, ppid: 40, cgroup: group, namespaceDepth: 2 };
    const proc = aProc([shim, inside]);
    const sample = watch(proc);
    sample();
    const check = { ...escaped, comm: 'curl', ppid: 40, cgroup: group, namespaceDepth: 2 };
    proc.become([shim, runc, inside, check, { ...check, pid: 913, session: 913, ppid: 41 }]);

    expect(sample().children).toEqual([]);
  });
});

describe('a double fork that escapes a service is a child', () => {
  it('if the app was alone in its cgroup when the agent first saw it', () => {
    const proc = aProc([app]);
    const sample = watch(proc);
    sample();
    proc.become([app, escaped]);

    expect(sample()).toEqual({ children: [912], caveats: [] });
  });

  it('if systemd says whose service it is, even if it was there before the agent', () => {
    const proc = aProc([systemd, app, escaped]);
    const sample = watch(proc, { units: answering({ main: 910 }) });
    sample();

    expect(sample(1100)).toEqual({ children: [912], caveats: [] });
  });

  it('if systemd does not answer, once it has outlived any command of systemd', () => {
    const proc = aProc([systemd, app]);
    const sample = watch(proc, { units: { look: () => undefined, usedMs: () => 0 } });
    sample();
    proc.become([systemd, app, escaped]);

    expect([sample().children, sample(3100).children]).toEqual([[], [912]]);
  });

  it.each([
    ['after', 3],
    ['before', 1],
  ])('if the app restarted between two samples, %s it was known who owns the cgroup', (_when, looks) => {
    const proc = aProc([systemd, app]);
    const sample = watch(proc, { units: answering({ main: 910 }, { main: 920 }) });
    for (let count = 0; count < looks; count += 1) sample();
    const anew = { ...app, pid: 920, session: 920, startTicks: 2000 };
    proc.become([systemd, anew]);
    sample(1000);
    sample(1000);
    proc.become([systemd, anew, { ...escaped, pid: 922, session: 922, startTicks: 3000 }]);
    sample(1000);

    expect(sample(1000).children).toEqual([922]);
  });

  it('even if it comes and goes while systemd is asked for its unit', () => {
    const proc = aProc([systemd, app]);
    let state: ReturnType<UnitStates['look']> = 'asking';
    const sampler = createChildSampler(proc, [{ unit: 'myapp.service' }], ownPid, {
      look: () => state,
      usedMs: () => 0,
    });
    const before = sampler.sample(0)[0]?.traces;
    proc.become([systemd, { ...app, reapedFaults: 75 }]);
    state = { mainPid: 910, controlPid: 0, commands: [] };

    expect([before, sampler.sample(100)[0]?.traces]).toEqual([[], [{ kind: 'reaped', parent: 910 }]]);
  });

  it('in a container whose processes the container itself adopts', () => {
    const group = '0::/docker/0123456789ab\n';
    const inside = { ...app, session: 5, cgroup: group, namespaceDepth: 2 };
    const proc = aProc([inside]);
    const sample = watch(proc);
    sample();
    proc.become([inside, { ...escaped, ppid: 910, cgroup: group, namespaceDepth: 2 }]);

    expect(sample().children).toEqual([912]);
  });

  it('and stays one when the app itself ends and restarts', () => {
    const proc = aProc([app]);
    const sample = watch(proc);
    sample();
    proc.become([app, escaped]);
    sample();
    proc.become([escaped]);
    sample();
    proc.become([{ ...app, pid: 920, session: 920, startTicks: 9000 }, escaped]);

    expect([sample(1100).children, sample(11_000).children]).toEqual([[912], [912]]);
  });
});
