import { Closers } from '../../local/closers';
import { readFlags } from '../../local/flags';

describe('npm start', () => {
  it.each<[string, readonly string[], Record<string, string>, string]>([
    [
      'two flags that exclude each other',
      ['--serve', '--once'],
      {},
      '--serve stays up, and --once ends after the story: give one of them',
    ],
    [
      'a port that is none',
      [],
      { CORDON_PORT: 'x' },
      'CORDON_PORT=x: expected a whole number from 0 to 65535',
    ],
  ])('refuses %s', (_, args, env, message) => {
    expect(() => readFlags(args, env)).toThrow(message);
  });

  it('names everything that could not be stopped', async () => {
    const closed: string[] = [];
    const fail = (what: string) => () => Promise.reject(new Error(`${what} hangs`));

    const closers = new Closers();
    for (const close of [fail('broker'), () => closed.push('gateway'), fail('host')]) closers.push(close);

    await expect(closers.closeAll()).rejects.toThrow(
      '2 parts of the stack could not be stopped: Error: host hangs; Error: broker hangs',
    );
    expect(closed).toEqual(['gateway']);
  });

  it('ends what is started while or after all is ended', async () => {
    const closed: string[] = [];
    const closers = new Closers();
    closers.push(() => closers.push(() => closed.push('agent')));

    await closers.closeAll();
    expect(closed).toEqual(['agent']);

    closers.push(() => closed.push('app'));
    expect(closed).toEqual(['agent', 'app']);
  });
});
