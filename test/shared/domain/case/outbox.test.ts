import { announce } from '../../../../shared/domain/case/outbox';
import { aCase } from '../../../contract/case-store-contract';

const refused = (actor: string) => ({ code: 'text', text: `refused ${actor}` }) as const;
const newsOf = ({ outbox }: ReturnType<typeof aCase>) =>
  outbox.announcements.map(({ kind, news }) => [kind, news]);

describe('an announcement', () => {
  it('takes the place of an unsent one of the same kind: only the newest state matters', () => {
    const first = announce(aCase(), 'contained', [refused('a')], 1);

    expect(newsOf(announce(first, 'contained', [refused('b')], 2))).toEqual([['contained', [refused('b')]]]);
  });

  it('has the facts of an unsent one as well, each once, and the newest of many', () => {
    const actors = Array.from({ length: 12 }, (_, index) => `a${index}`);
    const all = [...actors, 'a11'].reduce(
      (record, actor, at) => announce(record, 'refused', [refused(actor)], at),
      aCase(),
    );

    expect(newsOf(all)).toEqual([['refused', actors.slice(2).map(refused)]]);
  });
});
