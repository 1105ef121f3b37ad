import fc from 'fast-check';
import { heartbeatName } from '../../../shared/domain/heartbeat';
import {
  formatThing,
  isHome,
  isThingName,
  parseThing,
  readAccount,
  referTo,
  requireAccount,
  thingKey,
} from '../../../shared/domain/thing-ref';
import { account } from '../../builders';

const other = { account: '111122223333', region: 'eu-west-1' };
const name = fc.stringMatching(/^[a-zA-Z0-9:_-]{1,128}$/);
const anyAccount = fc.record({
  account: fc.stringMatching(/^\d{12}$/),
  region: fc.constantFrom('us-east-1', 'eu-west-1', 'us-gov-west-1', 'ap-southeast-2', 'us-isob-east-1'),
});

describe('a thing’s key', () => {
  it('is the name alone in the home account, and includes account and region for any other thing', () => {
    expect(formatThing({ ...account, name: 'mything1' }, account)).toBe('mything1');
    expect(formatThing({ ...other, name: 'mything1' }, account)).toBe('111122223333/eu-west-1/mything1');
    expect(formatThing({ ...account, region: 'eu-west-1', name: 'a' }, account)).toBe(
      '000000000000/eu-west-1/a',
    );
  });

  it('identifies exactly the thing that it was made from', () => {
    fc.assert(
      fc.property(anyAccount, anyAccount, name, (where, own, named) => {
        const ref = { ...where, name: named };
        const key = formatThing(ref, own);
        expect(referTo(key, own)).toEqual(ref);
        expect(parseThing(key, own)).toBe(key);
        expect(isHome(key)).toBe(where.account === own.account && where.region === own.region);
      }),
    );
  });

  it('is the same for each form of naming a thing of the home account', () => {
    expect(parseThing('000000000000/us-east-1/mything1', account)).toBe('mything1');
    expect(parseThing('mything1', account)).toBe('mything1');
    // If home isn't known, the full form stays as it is.
    expect(parseThing('000000000000/us-east-1/mything1')).toBe('000000000000/us-east-1/mything1');
  });

  it.each([
    [''],
    ['a b'],
    ['../mything1'],
    ['/us-east-1/mything1'],
    ['12345/us-east-1/mything1'],
    ['111122223333/mything1'],
    ['111122223333/us_east_1/mything1'],
    ['111122223333/us-east-1/'],
    ['111122223333/us-east-1/a/b'],
    ['１１１１２２２２３３３３/us-east-1/a'],
    [undefined],
    [42],
  ])('cannot be read from %p', (text) => {
    expect(parseThing(text, account)).toBeUndefined();
  });

  it('cannot be made from an invalid name', () => {
    expect(() => thingKey('111122223333/eu-west-1/mything1')).toThrow('is not a thing name');
  });
});

describe('the account in an ARN', () => {
  it.each([
    ['arn:aws:iot:us-east-1:000000000000', account],
    ['arn:aws-cn:sns:cn-north-1:111122223333:topic', { account: '111122223333', region: 'cn-north-1' }],
    ['arn:aws:iam::111122223333:role/x', undefined],
    ['arn:aws:s3:::bucket', undefined],
    ['not an arn', undefined],
  ])('is read as expected from %s', (arn, expected) => {
    expect(readAccount(arn)).toEqual(expected);
  });

  it('is required if Cordon needs its own', () => {
    expect(() => requireAccount('arn:aws:iot')).toThrow('names no account and region');
  });

  it('is never made for the name of the heartbeat, in any account', () => {
    expect(isThingName(heartbeatName)).toBe(false);
    expect(() => thingKey(heartbeatName)).toThrow('is not a thing name');
    expect(parseThing(heartbeatName)).toBeUndefined();
    expect(parseThing(`111122223333/eu-west-1/${heartbeatName}`)).toBeUndefined();
    expect(parseThing(`${heartbeatName}-2`)).toBe(`${heartbeatName}-2`);
  });
});
