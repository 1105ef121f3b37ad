import fc from 'fast-check';
import { parseConfiguration } from '../../../../shared/config/parse';
import { noteOpened, readStormLimit, type StormState } from '../../../../shared/domain/messages/storm';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { minimalConfiguration, now } from '../../../builders';

const limit = { cases: 5, within: 600_000 };
const none: StormState = { opened: [], storms: [] };

/** Takes new cases, each after a pause, and gives the storm of each. */
function play(cases: readonly { readonly thing: number; readonly pause: number }[], start = none) {
  let state = start;
  let at = now;
  const told = cases.map(({ thing, pause }, index) => {
    at += pause;
    const opened = { thingName: thingKey(`thing-${thing}`), caseId: `case-${index}`, at };
    const { storm, next } = noteOpened(state, opened, limit);
    state = next ?? state;
    return { ...opened, storm };
  });
  return { told, state };
}

const cases = (count: number, pause = 1_000) =>
  Array.from({ length: count }, (_, thing) => ({ thing, pause }));

describe('a storm', () => {
  it('begins when one thing more than the limit has a case, and includes later cases', () => {
    const { told, state } = play(cases(8));

    expect(told.map(({ storm }) => storm)).toEqual([
      ...Array(5).fill(undefined),
      ...Array(3).fill('storm-case-5'),
    ]);
    expect(state.storms).toEqual([{ id: 'storm-case-5', since: now + 1_000, lastAt: now + 6_000 }]);
  });

  it('begins with the first of its cases, in any order of arrival', () => {
    const { state } = play(cases(6).map(({ thing }, index) => ({ thing, pause: index % 2 ? -900 : 1_000 })));

    expect(state.storms).toEqual([{ id: 'storm-case-5', since: now + 100, lastAt: now + 1_200 }]);
  });

  it('does not begin if as many things take longer, or if one thing has many cases', () => {
    expect(play(cases(50, 150_000)).told.every(({ storm }) => storm === undefined)).toBe(true);
    expect(
      play(Array.from({ length: 50 }, () => ({ thing: 1, pause: 1_000 }))).told.every(
        ({ storm }) => storm === undefined,
      ),
    ).toBe(true);
  });

  it('takes no more cases after a calm time, but stays until its end is announced', () => {
    const { told, state } = play([...cases(6), { thing: 9, pause: 600_000 }]);

    expect(told.at(-1)?.storm).toBeUndefined();
    expect(state.storms).toHaveLength(1);
    expect(state.opened).toHaveLength(1);
  });

  it('is not over when a further case joins', () => {
    const first = play(cases(6)).state;
    const over: StormState = {
      ...first,
      storms: first.storms.map((storm) => ({ ...storm, lastAt: now - 300_000, over: true })),
    };

    const { told, state } = play([{ thing: 9, pause: 0 }], over);

    expect(told[0]?.storm).toBe('storm-case-5');
    expect(state.storms[0]).not.toHaveProperty('over');
  });

  it('writes nothing for a case that joins soon after another', () => {
    const opened = { thingName: thingKey('last'), caseId: 'last', at: now + 7_000 };

    expect(noteOpened(play(cases(6)).state, opened, limit)).toEqual({ storm: 'storm-case-5' });
  });

  it('never lets more things than the limit have their own messages within the time, and keeps bounded state', () => {
    const some = fc.record({ thing: fc.nat(30), pause: fc.integer({ min: 0, max: 400_000 }) });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 200 }), (coming) => {
        const { told, state } = play(coming);
        const alone = told.filter(({ storm }) => storm === undefined);
        for (const { at: end } of alone) {
          const window = alone.filter((one) => one.at <= end && end - one.at < limit.within);
          expect(new Set(window.map(({ thingName }) => thingName)).size).toBeLessThanOrEqual(limit.cases);
        }
        expect(state.opened.length).toBeLessThanOrEqual(limit.cases);
        expect(state.storms.length).toBeLessThanOrEqual(10);
        // Delivered again, a case is announced as it was.
        for (const one of told.slice(-1)) expect(noteOpened(state, one, limit).storm).toBe(one.storm);
      }),
    );
  });

  it('is of more than five things in ten minutes, unless cordon.yml says otherwise', () => {
    expect(readStormLimit(undefined)).toEqual(limit);
    expect(readStormLimit('off')).toBeUndefined();
    expect(readStormLimit({ cases: 1, within: 60_000 })).toEqual({ cases: 1, within: 60_000 });
  });

  it.each([
    ['{ cases: 10, within: 5m }', { cases: 10, within: 300_000 }],
    ['off', undefined],
  ])('is what notify.storm says: %s', (text, expected) => {
    const { notify } = parseConfiguration(
      `${minimalConfiguration}notify: { storm: ${text} }\n`,
      'cordon.yml',
    );

    expect(readStormLimit(notify.storm)).toEqual(expected);
  });

  it.each(['{ cases: 0, within: 5m }', '{ cases: 101, within: 5m }', '{ cases: 5 }', 'on'])(
    'is refused as notify.storm: %s',
    (text) => {
      expect(() =>
        parseConfiguration(`${minimalConfiguration}notify: { storm: ${text} }\n`, 'cordon.yml'),
      ).toThrow('notify.storm');
    },
  );
});
