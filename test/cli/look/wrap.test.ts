import fc from 'fast-check';
import stringWidth from 'string-width';
import { wrapWords } from '../../../cli/look/wrap';
import { anyText } from '../../any-text';

describe('words on a narrow terminal', () => {
  it('stay whole: a line breaks between two of them, and the next line is indented', () => {
    expect(wrapWords('  one two three four five\nsix', 14)).toBe('  one two\n   three four\n   five\nsix');
  });

  it('keep a word whole that is wider than the terminal', () => {
    expect(wrapWords('case 04b04bde93e005572e87ac97 of mything1', 20)).toBe(
      'case\n  04b04bde93e005572e87ac97\n  of mything1',
    );
  });

  it('count as many columns as they take', () => {
    expect(wrapWords('東京 東京 東京', 10)).toBe('東京 東京\n  東京');
    expect(wrapWords('\u001b[1mone two\u001b[22m three', 7)).toBe('\u001b[1mone two\u001b[22m\n three');
  });

  it('are as they come if there is no terminal', () => {
    const text = 'x '.repeat(500);

    expect(wrapWords(text, undefined)).toBe(text);
  });

  it('lose nothing, and fit except for long words', () => {
    fc.assert(
      fc.property(anyText(), fc.integer({ min: 20, max: 120 }), (text, width) => {
        const wrapped = wrapWords(text, width);
        const words = (some: string) => some.split(/[ \n]+/).filter(Boolean);
        expect(words(wrapped)).toEqual(words(text));
        for (const line of wrapped.split('\n'))
          expect(stringWidth(line) <= width || words(line).length <= 1).toBe(true);
      }),
    );
  });
});
