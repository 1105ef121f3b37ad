import type { Context } from 'aws-lambda';
import { eachRecord, readEnv } from '../../shared/lambda';
import { aRecord, fakeTelemetry } from '../fakes';

const context = {} as Context;

function aBatch(...bodies: string[]) {
  return { Records: bodies.map((body, index) => aRecord(body, { messageId: `m${index}` })) };
}

describe('eachRecord', () => {
  it('returns only the failed records to the queue, and says why', async () => {
    const { log, lines } = fakeTelemetry();
    const seen: string[] = [];
    const handle = eachRecord(async ({ body }) => {
      if (body === 'bad') throw new Error('throttled');
      seen.push(body);
    }, log);

    expect(await handle(aBatch('a', 'bad', 'c'), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }],
    });

    expect(seen).toEqual(['a', 'c']);
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'message not handled, will be redelivered',
        fields: { messageId: 'm1', error: new Error('throttled') },
      },
    ]);
  });

  it('does not fail as a whole if every record failed', async () => {
    const handle = eachRecord(() => Promise.reject(new Error('throttled')), fakeTelemetry().log);

    expect(await handle(aBatch('a', 'b'), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }],
    });
  });

  it('does not remember failures of the previous batch', async () => {
    const handle = eachRecord(async ({ body }) => {
      if (body === 'bad') throw new Error('throttled');
    }, fakeTelemetry().log);
    await handle(aBatch('bad'), context);

    expect(await handle(aBatch('a'), context)).toEqual({ batchItemFailures: [] });
  });
});

describe('readEnv', () => {
  it('names a variable that is not set', () => {
    expect(() => readEnv('CORDON_TEST_UNSET')).toThrow('CORDON_TEST_UNSET is not set');
  });
});
