import { GetQueueUrlCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { connectCommands } from '../shared/aws/commands';
import type { CommandQueue } from '../shared/ports/aws';
import { CliError } from './cli-error';

/** The commands queue of a stage. */
export async function openCommands(stage: string, settings: SQSClientConfig): Promise<CommandQueue> {
  const sqs = new SQSClient(settings);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `cordon-${stage}-commands.fifo` }));
  if (!QueueUrl) throw new CliError('AWS returned no URL for the commands queue');
  return connectCommands(QueueUrl, sqs);
}
