import { writeUsageFault } from '../../cli/program';

describe('what is wrong with a command line', () => {
  const said =
    "error: option '--status <statuses>' argument 'x' is invalid. expected some of containment-failed, release-conflict, awaiting-approval, containing\n";

  it('fits the terminal, and is whole if standard error is none', () => {
    const lines = writeUsageFault(said, ['list'], 60).split('\n');

    expect(lines.length).toBeGreaterThan(4);
    expect(lines.filter((line) => line.length > 60)).toEqual([]);
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain(
      'release-conflict, awaiting-approval, containing cordon --help',
    );
    expect(writeUsageFault(said, ['list'])).toBe(
      `${said.replace('error: ', 'cordon: ')}cordon --help lists the commands, cordon help COMMAND its options.\n`,
    );
  });

  it('prints no control characters of an argument, which a script may have from a device', () => {
    const evil = '\u001b[31m\n\u009b\u202e';

    expect(writeUsageFault(`error: unknown command '${evil}'\n`, ['list'])).toBe(
      "cordon: unknown command '\ufffd[31m\ufffd\ufffd\ufffd'\ncordon --help lists the commands, cordon help COMMAND its options.\n",
    );
  });

  it('proposes the nearest command', () => {
    expect(writeUsageFault("error: unknown command 'lst'\n", ['list', 'show'], 60)).toContain(
      '(Did you mean list?)',
    );
  });

  it('says how to name a thing to a command that takes one as an option only', () => {
    const said = (name: string) =>
      `error: too many arguments for '${name}'. Expected 0 arguments but got 1.\n`;

    expect(writeUsageFault(said('history'), ['history'], undefined, ['history'])).toContain(
      '\n(Give a thing as --thing NAME.)\n',
    );
    expect(writeUsageFault(said('import'), ['import'], undefined, ['history'])).not.toContain('--thing');
  });
});
