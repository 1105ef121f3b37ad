import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Resources } from '../../infra/template/cloudformation';
import { writeMessaging } from '../../infra/template/messaging';
import { writeTable } from '../../infra/template/table';
import { connectCommands } from '../../shared/aws/commands';
import { connectConnections } from '../../shared/aws/connections';
import type { Command } from '../../shared/domain/decide/command';
import { thingKey } from '../../shared/domain/thing-ref';
import { connectClientIds } from '../../shared/storage/client-ids';
import { connectDetection } from '../../shared/storage/detection';
import { connectHeldThings } from '../../shared/storage/held-things';
import { connectLeases } from '../../shared/storage/leases';
import { connectTable } from '../../shared/storage/table';
import { aConfiguration } from '../builders';
import type { Account } from './account';
import { openRegistry, type Undo } from './aws-registry';
import type { Storage } from './case-store-contract';
import type { Mailbox } from './command-queue-contract';
import type { LiveSessions } from './connections-contract';
import { aName, isLacking, nameOperations, tellLack } from './laws';

interface AwsSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The adapters of shared/aws against a server that speaks AWS's protocols. */
export function openAwsAccount(
  settings: AwsSettings,
  connectDevice: LiveSessions['connect'],
): Omit<Account, 'name' | 'mayLack'> {
  const dynamodb = new DynamoDBClient(settings);
  const iot = new IoTClient(settings);
  const data = new IoTDataPlaneClient(settings);
  const sqs = new SQSClient(settings);
  for (const client of [dynamodb, iot, data, sqs]) nameOperations(client);
  const undone: (readonly [what: string, undo: () => Promise<unknown>])[] = [];
  const undo: Undo = (...entry) => void undone.push(entry);
  return {
    openStorage: () => openStorage(dynamodb, undo),
    openRegistry: () => openRegistry(iot, undo),
    openLiveSessions: async () => ({ connections: connectConnections(data), connect: connectDevice }),
    openMailbox: () => openMailbox(sqs, undo),
    async close() {
      const failures: unknown[] = [];
      for (const [what, takeBack] of undone.splice(0).reverse())
        await takeBack().catch((error: unknown) => {
          if (isLacking(error)) tellLack(`clean up by ${what}`, error);
          else failures.push(error);
        });
      for (const client of [dynamodb, iot, data, sqs]) client.destroy();
      if (failures.length > 0) throw new AggregateError(failures, 'the suites left something behind');
    },
  };
}

/** A table of its own, with the keys and indexes of the one that is deployed. */
async function openStorage(dynamodb: DynamoDBClient, undo: Undo): Promise<Storage> {
  const TableName = aName('table');
  const { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = propertiesOf(
    writeTable(TableName),
    'Table',
  ) as Partial<CreateTableCommandInput>;
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode,
      AttributeDefinitions,
      KeySchema,
      GlobalSecondaryIndexes,
    }),
  );
  undo('DeleteTable', () => dynamodb.send(new DeleteTableCommand({ TableName })));
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName });
  const { cases, history, fleetLimit } = connectTable(TableName, dynamodb);
  return {
    cases,
    fleetLimit,
    detection: connectDetection(TableName, dynamodb),
    leases: connectLeases(TableName, dynamodb),
    clientIds: connectClientIds(TableName, dynamodb),
    heldThings: connectHeldThings(TableName, dynamodb),
    readTimeline: async (caseId) =>
      (await history.readTimeline(caseId)).map(({ entries, previousHash, hash }) => ({
        entries,
        previousHash,
        hash,
      })),
    listClosed: async (thingName) => [...(await history.listClosed(thingKey(thingName))).cases],
  };
}

function propertiesOf(resources: Resources, id: string): Readonly<Record<string, unknown>> {
  const resource = resources[id];
  if (!resource) throw new Error(`the template has no ${id}`);
  return resource.Properties;
}

/** A queue of its own, with the settings of the one that is deployed but for its dead-letter queue. */
async function openMailbox(sqs: SQSClient, undo: Undo): Promise<Mailbox> {
  const resources = writeMessaging('contract', aConfiguration());
  const { QueueName: _, RedrivePolicy: __, ...properties } = propertiesOf(resources, 'CommandsQueue');
  const Attributes = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, String(value)]),
  );
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: `${aName('queue')}.fifo`, Attributes }),
  );
  undo('DeleteQueue', () => sqs.send(new DeleteQueueCommand({ QueueUrl })));
  return { commands: connectCommands(QueueUrl, sqs), take: (inWork) => take(sqs, QueueUrl, inWork) };
}

async function take(sqs: SQSClient, QueueUrl: string, inWork: string | undefined): Promise<Command[]> {
  const taken: Command[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    if (Messages.length === 0) return taken;
    for (const { Body = '', ReceiptHandle } of Messages) {
      const command: Command = JSON.parse(Body);
      taken.push(command);
      if (command.thingName !== inWork) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}
