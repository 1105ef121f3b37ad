import { createUnitStates, parseUnitState } from '../../../agent/processes/unit-state';

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
});
