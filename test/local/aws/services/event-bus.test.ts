import { createEventBus } from '../../../../local/aws/services/event-bus';
import type { ApiRequest } from '../../../../local/types';

const valid = { Source: 'cordon', DetailType: 'Cordon case', Detail: '{"a":1}' };

const bus = createEventBus({ partition: 'aws', region: 'us-east-1', accountId: '000000000000' });

async function put(...Entries: readonly object[]) {
  const request = {
    service: 'events',
    headers: { 'x-amz-target': 'AWSEvents.PutEvents' },
    body: Buffer.from(JSON.stringify({ Entries })),
  } as unknown as ApiRequest;
  const { status, body } = await bus.handler.handle(request);
  return { status, resources: bus.handler.identify(request)?.resources, ...JSON.parse(String(body)) };
}

describe('the emulated event buses', () => {
  it.each<[what: string, over: object, code: string]>([
    ['no source', { Source: '' }, 'InvalidArgument'],
    ['no detail type', { DetailType: undefined }, 'InvalidArgument'],
    ['no detail', { Detail: '' }, 'InvalidArgument'],
    ['a detail that is no object', { Detail: '[1]' }, 'MalformedDetail'],
    ["AWS's own source", { Source: 'aws.iot' }, 'NotAuthorizedForSourceException'],
    ['a bus that is not there', { EventBusName: 'security' }, 'ResourceNotFoundException'],
  ])('refuse an entry with %s, and take the others of the call', async (_, over, code) => {
    const before = bus.events().length;

    const { status, FailedEntryCount, Entries } = await put({ ...valid, ...over }, valid);

    expect([status, FailedEntryCount, Entries[0].ErrorCode]).toEqual([200, 1, code]);
    expect(bus.events()).toHaveLength(before + 1);
  });

  it('refuse a call of more than 256 KB, of more than ten entries or of none', async () => {
    const Detail = JSON.stringify({ a: 'x'.repeat(200_000) });

    for (const entries of [
      [
        { ...valid, Detail },
        { ...valid, Detail },
      ],
      Array(11).fill(valid),
      [],
    ])
      expect(await put(...entries)).toMatchObject({ status: 400, message: expect.any(String) });
  });

  it('ask IAM for each bus, under its name or its ARN', async () => {
    const arn = 'arn:aws:events:us-east-1:000000000000:event-bus/default';

    expect((await put({ ...valid, EventBusName: arn }, valid)).resources).toEqual([arn]);
  });
});
