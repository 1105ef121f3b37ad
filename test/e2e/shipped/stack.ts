import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { type EndToEnd, startEndToEnd } from '../harness';

/** The stack that all tests of this folder share, each with things of its own. */
export let e2e: EndToEnd;

/** Starts it before the tests, and ends it after. */
export function useShippedStack(): void {
  beforeAll(async () => {
    e2e = await startEndToEnd();
  }, 180_000);
  afterAll(() => e2e?.close());
}

/** Gives back the places of the fleet limit that the containments of earlier tests took. */
export async function resetFleetLimit(): Promise<void> {
  await e2e.dynamodb.send(
    new DeleteItemCommand({
      TableName: e2e.stack.deployed.outputs.TableName,
      Key: { pk: { S: 'LIMIT#fleet' }, sk: { S: 'WINDOW' } },
    }),
  );
}
