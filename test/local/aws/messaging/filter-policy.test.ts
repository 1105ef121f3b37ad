import { matchesFilterPolicy, readAttribute } from '../../../../local/aws/messaging/filter-policy';

describe('matchesFilterPolicy', () => {
  const message = { status: 'contained', count: 3, tags: ['a', 'b'], case: { thing: 'mything1' } };

  it.each([
    ['every key must match', { status: ['contained'], count: [4] }, false],
    ['any condition of a key may match', { status: ['closed', 'contained'] }, true],
    ['any item of an array may match', { tags: ['b'] }, true],
    ['text is not a number', { count: ['3'] }, false],
    ['prefix', { status: [{ prefix: 'con' }] }, true],
    ['suffix', { status: [{ suffix: 'con' }] }, false],
    ['wildcard', { status: [{ wildcard: 'c*n*d' }] }, true],
    ['wildcard takes ? literally', { status: [{ wildcard: 'containe?' }] }, false],
    ['equals-ignore-case', { status: [{ 'equals-ignore-case': 'CONTAINED' }] }, true],
    ['anything-but one', { status: [{ 'anything-but': 'contained' }] }, false],
    ['anything-but a list', { status: [{ 'anything-but': ['closed', 'observed'] }] }, true],
    ['anything-but a prefix', { status: [{ 'anything-but': { prefix: 'con' } }] }, false],
    ['anything-but needs the key', { none: [{ 'anything-but': 'x' }] }, false],
    ['exists', { status: [{ exists: true }], none: [{ exists: false }] }, true],
    ['exists false on a key that is there', { status: [{ exists: false }] }, false],
    ['a numeric range', { count: [{ numeric: ['>', 2, '<=', 3] }] }, true],
    ['a numeric range that ends before', { count: [{ numeric: ['>', 2, '<', 3] }] }, false],
    ['a nested key', { case: { thing: [{ prefix: 'mything' }] } }, true],
    ['$or', { $or: [{ status: ['closed'] }, { count: [3] }] }, true],
    ['$or of which none matches', { $or: [{ status: ['closed'] }, { count: [4] }] }, false],
    ['an operator that is not emulated', { status: [{ cidr: '10.0.0.0/8' }] }, false],
    ['a key of the prototype', { toString: [{ exists: true }] }, false],
  ])('%s', (_rule, policy, expected) => {
    expect(matchesFilterPolicy(policy, message)).toBe(expected);
  });
});

describe('readAttribute', () => {
  it.each([
    ['Number', '2.5', 2.5],
    ['String', '2.5', '2.5'],
    ['String.Array', '["a",1,true,null]', ['a', 1, true, null]],
    ['String.Array', 'not json', []],
  ])('reads a %s %j', (dataType, text, value) => {
    expect(readAttribute(dataType, text)).toEqual(value);
  });
});
