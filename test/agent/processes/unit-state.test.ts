import { createUnitStates, parseUnitState, readMonotonic } from '../../../agent/processes/unit-state';

describe('the questions to systemd', () => {
  it('count the processor time of systemctl, and not of other processes that ended before and after', () => {
    let childrenMs = 500;
    const answers: ((output: string) => void)[] = [];
    const units = createUnitStates(
      (_unit, answer) => answers.push(answer),
      () => childrenMs,
    );
    units.look('myapp.service', 0, 0);
    childrenMs += 30;
    answers[0]?.('MainPID=7\nControlPID=0\n');
    childrenMs += 1000;

    expect(units.look('myapp.service', 0, 100)).toEqual({ mainPid: 7, controlPid: 0, commands: [] });
    expect(units.usedMs()).toBe(30);
  });
});

describe('parseUnitState', () => {
  it.each([
    ['MainPID=12\nControlPID=0\n', { mainPid: 12, controlPid: 0, commands: [] }],
    ['ControlPID=3\nMainPID=0\n', { mainPid: 0, controlPid: 3, commands: [] }],
    ['', undefined],
    ['Slice=x\n', undefined],
  ])('reads %j', (output, state) => {
    expect(parseUnitState(output)).toEqual(state);
  });

  it('reads what systemd ran beside the main process, on the clock of the samples', () => {
    const output = [
      'MainPID=52',
      'ControlPID=0',
      'ExecStartPre={ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }',
      'ExecReload={ path=/bin/sh ; argv[]=/bin/sh -c echo ; pid=1 ; code= ; ignore_errors=no ; start_time=[Sun 2026-11-29 05:39:39 UTC] ; stop_time=[Sun 2026-11-29 05:39:40 UTC] ; pid=56 ; code=exited ; status=0 }',
      'ExecReload={ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no ; start_time=[Sun 2026-11-29 05:39:40 UTC] ; stop_time=[n/a] ; pid=59 ; code=(null) ; status=0/0 }',
    ].join('\n');
    const at = Date.parse('2026-11-29T05:39:39Z');

    expect(parseUnitState(output, 5000 - at)?.commands).toEqual([
      { pid: 56, from: 4000, to: 8000 },
      { pid: 59, from: 5000, to: Number.POSITIVE_INFINITY },
    ]);
  });

  it.each([
    [
      'forward, as at the first contact of a device without a clock of its own',
      'Thu 1970-01-01 00:00:20 UTC',
      '00:00:22',
    ],
    ['back', 'Sun 2040-11-29 05:39:39 UTC', '05:39:41'],
  ])('reads when a command ran before the clock was set %s', (_, beforeSet, ended) => {
    const output = [
      'MainPID=52',
      'ControlPID=0',
      `ExecStartPre={ path=/bin/sh ; argv[]=/bin/sh -c echo ; ignore_errors=no ; start_time=[${beforeSet}] ; stop_time=[${beforeSet.replace(/\d\d:\d\d:\d\d/, ended)}] ; pid=56 ; code=exited ; status=0 }`,
      `InactiveExitTimestamp=${beforeSet}`,
      'InactiveExitTimestampMonotonic=20300000',
      'ActiveEnterTimestamp=Sun 2026-11-29 05:39:39 UTC',
      'ActiveEnterTimestampMonotonic=25000000',
      'StateChangeTimestamp=',
      'StateChangeTimestampMonotonic=0',
    ].join('\n');
    const now = 100_000;
    const offset = now - Date.parse('2026-11-29T05:40:50Z');
    // The looks' clock began 4 s after that of systemd.
    const [command] = parseUnitState(output, offset, -4000)?.commands ?? [];

    expect(command?.pid).toBe(56);
    expect(command?.from).toBeLessThanOrEqual(16_000);
    expect(command?.from).toBeGreaterThan(12_000);
    expect(command?.to).toBeGreaterThanOrEqual(18_300);
    expect(command?.to).toBeLessThan(23_000);
  });
});

describe('the clock that nobody sets', () => {
  it('is known only if it went all the time since the boot, as it does not while the machine sleeps', () => {
    const uptimeSeconds = Number(process.hrtime.bigint()) / 1e9;

    expect(readMonotonic(uptimeSeconds)).toBeCloseTo(uptimeSeconds * 1000, -3);
    expect(readMonotonic(uptimeSeconds + 60)).toBeUndefined();
    expect(readMonotonic(undefined)).toBeUndefined();
  });

  it('is asked at each question', () => {
    const output =
      'MainPID=0\nControlPID=0\nExecReload={ path=/bin/sh ; start_time=[Thu 1970-01-01 00:00:20 UTC] ; stop_time=[n/a] ; pid=56 ; code=(null) ; status=0/0 }\nActiveEnterTimestamp=Thu 1970-01-01 00:00:19 UTC\nActiveEnterTimestampMonotonic=19000000\n';
    const look = (monotonic?: number) => {
      const units = createUnitStates(
        (_unit, answer) => answer(output),
        () => 0,
        () => Date.parse('2026-11-29T00:00:00Z'),
        () => monotonic,
      );
      units.look('myapp.service', 0, 50_000);
      const state = units.look('myapp.service', 0, 50_000);
      return typeof state === 'object' ? state.commands[0]?.from : undefined;
    };

    expect(look(60_000)).toBe(8000);
    expect(look()).toBeLessThan(0);
  });
});
