import { jest } from '@jest/globals';
import { createAttempt } from '../../../cli/cases/watch';

/** Looks with the listed results, and the text on standard error during them. */
async function lookThrough(ends: readonly (string | undefined)[]) {
  const aside: string[] = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => aside.push(String(text).trim()) > 0);
  const left = [...ends];
  let reopened = 0;
  const attempt = createAttempt(
    async () => {
      const fault = left.shift();
      if (fault !== undefined) throw new Error(fault);
    },
    {
      explain: async (error) => ({ text: (error as Error).message }),
      reopen: async () => {
        reopened += 1;
      },
    },
  );
  for (const _ of ends) await attempt();
  return { aside, reopened };
}

describe('a command that looks again and again', () => {
  it('says once why it can not look, and once that it can again, and opens the stack anew in between', async () => {
    const ends = [undefined, 'no answer', 'no answer', 'expired', 'expired', undefined, undefined, 'expired'];

    expect(await lookThrough(ends)).toEqual({
      aside: [
        "cordon: can't be read now: no answer",
        "cordon: can't be read now: expired",
        'cordon: it can be read again',
        "cordon: can't be read now: expired",
      ],
      reopened: 5,
    });
  });

  it('ends if the first look fails', async () => {
    await expect(lookThrough(['no answer'])).rejects.toThrow('no answer');
  });
});
