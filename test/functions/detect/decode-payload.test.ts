import { encode } from 'cborg';
import { decodePayload } from '../../../functions/detect/decode-payload';

const cbor = (bytes: Uint8Array | string) =>
  decodePayload(
    Buffer.from(bytes as string, typeof bytes === 'string' ? 'hex' : undefined).toString('base64'),
    'cbor',
  );
const json = (text: string) => decodePayload(Buffer.from(text).toString('base64'), 'json');

/** Tables of packed CBOR (tag 51), each twice the one before: 279 bytes become gigabytes. */
const packedTables = `d8338481${'880000000000000000'}8200${'880000000000000000'}80${'d8338481d8e1e08200e080'.repeat(23)}e0`;

describe('decodePayload, given hostile CBOR,', () => {
  it.each([
    ['packed tables that double at each level', packedTables],
    ['a table of shared values', 'd81c81d81d00'],
    ['a record of cbor-x', 'd9dfff8319e0008161610161'],
    ['a reference of cbor-x to a record', 'd9e0008101'],
    ['a bignum', 'c249010000000000000000'],
    ['a bignum of 60,000 bytes', `c259ea60${'ff'.repeat(60_000)}`],
    ['a date, which is a tag too', 'c11a514b67b0'],
    ['a typed array', 'd84648ffffffffffffffff'],
    ['a string reference namespace', 'd90100820101'],
    ['tags in 40,000 levels', `${'c1'.repeat(40_000)}00`],
    ['an array that claims 2^64 - 1 items', '9bffffffffffffffff'],
    ['an array that claims 2^32 items', '9b000000010000000000'],
    ['a map that claims 2^32 - 1 entries', 'baffffffff616100'],
    ['a text that is longer than the report', '7affffffff6161'],
    ['a text that claims 2^63 bytes', '7b7fffffffffffffff61'],
    ['a byte string that is longer than the report', '5affffffff6161'],
    ['an array without an end', '9f0102'],
    ['a map without an end', 'bf616101'],
    ['a map that ends after a key', 'bf6161ff'],
    ['a break outside of everything', 'ff'],
    ['a break in an array of known length', '8201ff'],
    ['a text in parts', '7f61616162ff'],
    ['arrays in 10,000 levels', '81'.repeat(10_000)],
    ['arrays without an end in 10,000 levels', '9f'.repeat(10_000)],
    ['maps in 10,000 levels', 'a16161'.repeat(10_000)],
    ['arrays in 33 levels', `${'81'.repeat(33)}00`],
    ['arrays without an end in 33 levels', `${'9f'.repeat(33)}${'ff'.repeat(33)}`],
    ['a key that comes twice', 'a2616101616102'],
    ['a key that is no text', 'a10102'],
    ['a reserved length', '1c'],
    ['a text that breaks off', '626'.padEnd(4, '1')],
    ['two values', '0102'],
    ['nothing', ''],
    ['more than 50,000 items', `99ffff${'00'.repeat(65_535)}`],
    ['more than 128 KB', Buffer.concat([Buffer.from('7a00020000', 'hex'), Buffer.alloc(131_072, 0x61)])],
  ])('refuses %s at once', (_, bytes) => {
    const before = process.memoryUsage().rss;

    expect(cbor(bytes)).toBeUndefined();

    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('stores a key called __proto__ as an own property, and changes no prototype', () => {
    const decoded = cbor('a1695f5f70726f746f5f5fa168706f6c6c75746564f5') as object;

    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });
});

describe('decodePayload, given CBOR as agents write it,', () => {
  it.each([
    ['a number over 32 bits', { id: 1_700_000_000_000 }, { id: 1_700_000_000_000 }],
    ['a counter over 2^53', { count: 18_000_000_000_000_000_000n }, { count: 18_000_000_000_000_000_000 }],
    [
      'not a number and infinity',
      [Number.NaN, Number.POSITIVE_INFINITY],
      [Number.NaN, Number.POSITIVE_INFINITY],
    ],
    ['fractions and negative numbers', [12.5, -3, -70_000], [12.5, -3, -70_000]],
    [
      'what is empty',
      { list: [], map: {}, text: '', none: null },
      { list: [], map: {}, text: '', none: null },
    ],
    ['many shallow lists', Array(10_000).fill([1]), Array(10_000).fill([1])],
  ])('reads %s', (_, value, expected) => {
    expect(cbor(encode(value))).toEqual(expected);
  });

  it('reads arrays and maps of indefinite length, as TinyCBOR writes them', () => {
    expect(cbor('bf6161 9f01 9fff 02ff 6162 bfff ff'.replaceAll(' ', ''))).toEqual({ a: [1, [], 2], b: {} });
  });

  it('reads 32 levels of nesting', () => {
    expect(cbor(`${'81'.repeat(32)}00`)).toBeDefined();
    expect(cbor(`${'9f'.repeat(32)}${'ff'.repeat(32)}`)).toBeDefined();
  });
});

describe('decodePayload, given hostile JSON,', () => {
  it.each([
    ['arrays in 60,000 levels', '['.repeat(60_000)],
    ['arrays in 60,000 levels that end', '['.repeat(60_000) + ']'.repeat(60_000)],
    ['objects in 10,000 levels', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['more than 128 KB', JSON.stringify('x'.repeat(128 * 1024))],
    ['a text without an end', `"${'\\"'.repeat(60_000)}`],
  ])('refuses %s at once', (_, text) => {
    expect(json(text)).toBeUndefined();
  });

  it('does not count brackets inside a string as nesting', () => {
    const text = `${'[{'.repeat(1_000)}\\"`;

    expect(json(JSON.stringify({ text }))).toEqual({ text });
  });
});
