import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { connectItems } from '../../../shared/storage/items';

/** A table of one item, as DynamoDB's protocol has it. */
function aTable() {
  let item: unknown;
  const requestHandler = {
    handle: async ({ body, headers }: { body: Uint8Array; headers: Record<string, string> }) => {
      const isPut = headers['x-amz-target']?.endsWith('.PutItem');
      if (isPut) item = JSON.parse(new TextDecoder().decode(body)).Item;
      const text = JSON.stringify(isPut ? {} : { Item: item });
      return { response: { statusCode: 200, headers: {}, body: Buffer.from(text) } };
    },
  };
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const client = new DynamoDBClient({
    region: 'us-east-1',
    credentials,
    requestHandler: requestHandler as never,
  });
  return connectItems('table', client);
}

describe('an item of the table', () => {
  it.each([
    ['a counter that wrapped', 2 ** 64 - 2 ** 28],
    ['what no integer of JavaScript is', 2 ** 53],
    ['a negative one', -1e16],
    ['the greatest that is taken', 1e100],
    ['a fraction', 0.1],
  ])('keeps %s as a number', async (_what, number) => {
    const { save, load } = aTable();
    await save({ pk: 'THING#mything1', sk: 'CASE' }, { value: { number } }, 0);

    expect((await load({ pk: 'THING#mything1', sk: 'CASE' }))?.value).toEqual({ value: { number } });
  });
});
