import type { Command } from '../../shared/domain/decide/command';
import { thingKey } from '../../shared/domain/thing-ref';
import type { CommandQueue } from '../../shared/ports/aws';
import { aName, type Law } from './laws';

/** The queue, and its consumer's side. */
export interface Mailbox {
  readonly commands: CommandQueue;
  /** Receives all messages that it can, in order. Leaves the first message of the named thing in flight. */
  take(inWork?: string): Promise<readonly Command[]>;
}

const drift = (thingName: string): Command => ({ type: 'drift', thingName: thingKey(thingName) });
const resume = (thingName: string): Command => ({ type: 'resume', thingName: thingKey(thingName) });
const release = (thingName: string, comment: string): Command => ({
  type: 'release',
  thingName: thingKey(thingName),
  actor: 'soc',
  comment,
});

export function declareCommandQueueLaws(law: Law<Mailbox>): void {
  /** The commands of a thing; others' commands may come between. */
  const of = (taken: readonly Command[], wanted: string) =>
    taken.filter(({ thingName }) => thingName === wanted);

  describe('commands', () => {
    law(
      'of one thing are taken in the order they were sent, as they were sent',
      async ({ commands, take }) => {
        const thingName = aName('thing');
        const sent = [resume(thingName), release(thingName, '<b>ä"\\'), drift(thingName), resume(thingName)];
        for (const [index, command] of sent.entries()) await commands.send(command, `${thingName}-${index}`);

        expect(of(await take(), thingName)).toEqual(sent);
      },
    );

    law('count once under the same id, also after they were taken', async ({ commands, take }) => {
      const thingName = aName('thing');
      for (const command of [resume(thingName), resume(thingName), drift(thingName)])
        await commands.send(command, 'same');
      await commands.send(drift(thingName), 'other');

      expect(of(await take(), thingName)).toEqual([resume(thingName), drift(thingName)]);
      await commands.send(resume(thingName), 'same');
      expect(of(await take(), thingName)).toEqual([]);
    });

    law('of another thing count on their own under the same id', async ({ commands, take }) => {
      const [one, two] = [aName('thing'), aName('thing')];
      for (const thingName of [one, two]) await commands.send(resume(thingName), 'same for both');

      const taken = await take();

      expect([of(taken, one), of(taken, two)]).toEqual([[resume(one)], [resume(two)]]);
    });

    law('take an id of any text', async ({ commands, take }) => {
      const thingName = aName('thing');
      const ids = ['', ' ', '\n', 'ä'.repeat(500), `${'ä'.repeat(500)}b`];
      for (const id of ids) await commands.send(resume(thingName), id);

      expect(of(await take(), thingName)).toHaveLength(ids.length);
    });

    law('of other things come through while one of a thing is in progress', async ({ commands, take }) => {
      const [slow, other] = [aName('thing'), aName('thing')];
      for (const [index, thingName] of [slow, slow, other, other].entries())
        await commands.send(index % 2 ? drift(thingName) : resume(thingName), `in-work-${index}`);

      const taken = await take(slow);

      expect([of(taken, slow), of(taken, other)]).toEqual([[resume(slow)], [resume(other), drift(other)]]);
    });
  });
}
