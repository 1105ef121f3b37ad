import { createUnitStates, parseUnitState } from '../../../agent/processes/unit-state';

describe('the questions to systemd', () => {
  it('count what systemctl takes of the processor, and not what else ended before and after', () => {
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

    expect(units.look('myapp.service', 0, 100)).toEqual({ mainPid: 7, controlPid: 0 });
    expect(units.usedMs()).toBe(30);
  });
});

describe('parseUnitState', () => {
  it.each([
    ['MainPID=12\nControlPID=0\n', { mainPid: 12, controlPid: 0 }],
    ['ControlPID=3\nMainPID=0\n', { mainPid: 0, controlPid: 3 }],
    ['', undefined],
    ['Slice=x\n', undefined],
  ])('reads %j', (output, state) => {
    expect(parseUnitState(output)).toEqual(state);
  });
});
