import { readBatchItemFailures } from '../../../../local/aws/lambda/sqs-event';

const batchIds = new Set(['m1', 'm2']);

describe('readBatchItemFailures', () => {
  it('returns the failed messages', () => {
    const payload = JSON.stringify({ batchItemFailures: [{ itemIdentifier: 'm2' }] });

    expect(readBatchItemFailures(payload, batchIds)).toEqual(new Set(['m2']));
  });

  it.each([
    ['null', null],
    ['an empty answer', {}],
    ['an answer about something else', { statusCode: 200 }],
    ['an empty list', { batchItemFailures: [] }],
    ['no list', { batchItemFailures: null }],
  ])('treats %s as success of all', (_, answer) => {
    expect(readBatchItemFailures(JSON.stringify(answer), batchIds)).toEqual(new Set());
  });

  it.each([
    [
      'an unknown identifier',
      { batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'unknown' }] },
    ],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }],
    ['a wrong key', { batchItemFailures: [{ messageId: 'm1' }] }],
    ['a list of another kind', { batchItemFailures: ['m1', null] }],
    ['no list at all', { batchItemFailures: 'm1' }],
    ['a text', 'OK'],
    ['an array', []],
  ])('treats %s as failure of all', (_, answer) => {
    expect(readBatchItemFailures(JSON.stringify(answer), batchIds)).toBe('all');
  });
});
