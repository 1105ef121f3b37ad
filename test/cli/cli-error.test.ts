import { CliError } from '../../cli/cli-error';

describe('an error of the command line', () => {
  it('has the lines that it was given, and none that what is in one of them would add', () => {
    expect(new CliError(['two rows', '  one was changed']).message).toBe('two rows\n  one was changed');
    expect(new CliError('refused: x\nmything1 is released\u001B[1A').message).toBe(
      'refused: x\uFFFDmything1 is released\uFFFD[1A',
    );
  });
});
