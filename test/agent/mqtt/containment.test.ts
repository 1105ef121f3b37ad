import { type ContainmentNotice, readNotice, watchContainment } from '../../../agent/mqtt/containment';
import type { StateFile } from '../../../agent/state-file';

function aStateFile(): StateFile {
  let kept: string | undefined;
  return {
    read: () => kept,
    write: (text) => {
      kept = text;
    },
  };
}
const aNotice = (changes: Partial<ContainmentNotice> = {}): ContainmentNotice => ({
  status: 'contained',
  caseId: 'case-1',
  at: 1000,
  ...changes,
});

describe('readNotice', () => {
  const read = (notice: unknown) => readNotice(Buffer.from(JSON.stringify(notice)));

  it('reads what Cordon sends', () => {
    expect(read({ version: 1, ...aNotice() })).toEqual(aNotice());
  });

  it.each([
    ['another version', { version: 2, ...aNotice() }],
    ['another status', { version: 1, ...aNotice(), status: 'free' }],
    ['a case id of other text', { version: 1, ...aNotice({ caseId: 'a\nb' }) }],
    ['no time', { version: 1, ...aNotice(), at: '1000' }],
    ['a time that no date has', { version: 1, ...aNotice({ at: 8.64e15 + 1 }) }],
    ['no object', [1]],
  ])('ignores %s', (_what, notice) => {
    expect(read(notice)).toBeUndefined();
  });
});

describe('a containment watch', () => {
  let logged: string[];
  let file: StateFile;
  const watch = () => watchContainment(file, (_level, event) => logged.push(event));
  beforeEach(() => {
    logged = [];
    file = aStateFile();
  });

  it('logs once that the device is contained, and once that it was released', () => {
    const one = watch();
    one.note(aNotice());
    one.note(aNotice({ at: 1500 }));
    expect(one.isContained()).toBe(true);
    one.note(aNotice({ status: 'released', at: 2000 }));

    expect(logged).toEqual(['contained', 'released']);
    expect(one.isContained()).toBe(false);
  });

  it('remembers the containment through a restart, and then accepts the release', () => {
    watch().note(aNotice());
    const later = watch();
    expect(later.isContained()).toBe(true);
    later.note(aNotice({ status: 'released', at: 2000 }));

    expect(logged).toEqual(['contained', 'contained', 'released']);
    expect(watch().isContained()).toBe(false);
  });

  it('is not set back by an older notice that comes late', () => {
    const one = watch();
    one.note(aNotice({ status: 'released', at: 2000 }));
    one.note(aNotice({ at: 1000 }));

    expect(logged).toEqual([]);
  });

  it.each(['garbage', JSON.stringify({ version: 1, ...aNotice({ at: -9e15 }) })])(
    'ignores its stored state if that is damaged: %s',
    (text) => {
      file.write(text);

      expect(watch().isContained()).toBe(false);
    },
  );
});
