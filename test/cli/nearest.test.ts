import { findNearest, proposeNearest } from '../../cli/nearest';

const commands = ['list', 'show', 'release', 'retire', 'drill', 'kill-switch', 'comment', 'completion'];

describe('the nearest name', () => {
  it.each([
    ['kill', ['kill-switch']],
    ['relase', ['release']],
    ['lst', ['list']],
    ['com', ['comment', 'completion']],
    ['xyzzy', []],
    ['', []],
  ])('to %j is %j', (word, near) => {
    expect(findNearest(word, commands)).toEqual(near);
  });

  it('is proposed as Commander does it, or not at all', () => {
    expect(proposeNearest('com', commands)).toBe('(Did you mean comment or completion?)');
    expect(proposeNearest('xyzzy', commands)).toBe('');
  });
});
