import { existsSync, readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { connectCommands } from '../shared/aws/commands';
import { dataPlaneClient } from '../shared/aws/data-plane';
import { connectKillSwitch } from '../shared/aws/kill-switch';
import { findStageFault } from '../shared/config/stage';
import type { Configuration } from '../shared/domain/configuration';
import { connectChannelStates } from '../shared/storage/channel-states';
import { connectDetection } from '../shared/storage/detection';
import { connectFloods } from '../shared/storage/floods';
import { connectTable } from '../shared/storage/table';
import type { AgentReader } from './agents';
import { findInCheckout } from './checkout';
import { CliError } from './cli-error';
import { connectDoctor } from './doctor/account';
import { openDoctorPorts } from './doctor/open';
import { connectAccount } from './drill/account';
import { connectRegistry } from './enroll/registry';

export interface TargetOptions {
  readonly aws?: boolean;
  readonly stage: string;
}

const localFile = findInCheckout('.cordon/local.json');

const localStack = z.object({
  endpoint: z.string(),
  region: z.string(),
  pid: z.int().positive(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  /** The CA certificate file of the local broker. */
  ca: z.string(),
});

export function requireStage(stage: string): string {
  const fault = findStageFault(stage);
  if (fault) throw new CliError(`--${fault}`);
  return stage;
}

/** The stack a command is for: the local one while it runs here, unless `--aws` is given. */
export function findTarget({ aws, stage }: TargetOptions) {
  requireStage(stage);
  const { ca, ...settings } = aws || !existsSync(localFile) ? {} : findLocalStack();
  const sqs = new SQSClient(settings);
  const dynamodb = new DynamoDBClient({ maxAttempts: 3, ...settings });
  return {
    stage,
    /** Of the local stack, which alone has one of its own. */
    ...(ca !== undefined && { ca }),
    name: 'endpoint' in settings ? `the local stack at ${settings.endpoint}` : `AWS, stage ${stage}`,
    ...connectTable(`cordon-${stage}`, dynamodb),
    floods: connectFloods(`cordon-${stage}`, dynamodb),
    async openCommands() {
      const { QueueUrl } = await sqs.send(
        new GetQueueUrlCommand({ QueueName: `cordon-${stage}-commands.fifo` }),
      );
      if (!QueueUrl) throw new CliError('AWS returned no URL for the commands queue');
      return connectCommands(QueueUrl, sqs);
    },
    killSwitch: connectKillSwitch(
      `/cordon-${stage}/kill-switch`,
      new SSMClient({ maxAttempts: 3, ...settings }),
    ),
    agents: openAgents(`cordon-${stage}`, new DynamoDBClient({ maxAttempts: 6, ...settings })),
    openRegistry() {
      const iot = new IoTClient({ maxAttempts: 6, ...settings });
      return connectRegistry(iot, dataPlaneClient(iot, settings));
    },
    openDoctor(configuration: Configuration) {
      const iot = new IoTClient({ maxAttempts: 6, ...settings });
      const sns = new SNSClient({ maxAttempts: 3, ...settings });
      const ssm = new SSMClient({ maxAttempts: 3, ...settings });
      return {
        account: connectDoctor({ iot, sqs, sns, settings }),
        ...openDoctorPorts(stage, configuration, iot, ssm),
      };
    },
    openDrill() {
      const iot = new IoTClient({ maxAttempts: 6, ...settings });
      return {
        account: connectAccount(
          iot,
          dataPlaneClient(iot, settings),
          new SNSClient({ maxAttempts: 3, ...settings }),
        ),
        statesOf: (name: string) =>
          connectChannelStates({ name, tableName: `cordon-${stage}`, client: dynamodb }),
      };
    },
  };
}

function openAgents(tableName: string, client: DynamoDBClient): AgentReader {
  const { states, listAgents } = connectDetection(tableName, client);
  return {
    load: async (thingName) => (await states.load(thingName))?.value,
    list: listAgents,
  };
}

export type Target = ReturnType<typeof findTarget>;

/**
 * A stack that was killed leaves its file behind. Who worked with it must not be answered, or act, on AWS instead without
 * a word.
 */
function findLocalStack(): Omit<z.output<typeof localStack>, 'pid'> {
  const { pid, ...settings } = readLocalStack();
  try {
    process.kill(pid, 0);
    return settings;
  } catch (cause) {
    throw new CliError(
      `the local stack of ${localFile} has crashed (process ${pid}): start it again with npm start, or use --aws`,
      cause,
    );
  }
}

function readLocalStack() {
  try {
    return localStack.parse(JSON.parse(readFileSync(localFile, 'utf8')));
  } catch (cause) {
    throw new CliError(`${localFile} can't be read: start the local stack again, or use --aws`, cause);
  }
}
