import { CliError } from '../../cli/cli-error';

describe('an error of the command line', () => {
  it('has exactly the given lines, even if one of them contains a line break', () => {
    expect(new CliError(['two rows', '  one was changed']).message).toBe('two rows\n  one was changed');
    expect(new CliError('refused: x\nmything1 is released\u001B[1A').message).toBe(
      'refused: x\uFFFDmything1 is released\uFFFD[1A',
    );
  });
});
