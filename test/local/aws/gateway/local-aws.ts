import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../../../../local/start-aws';
import type { LocalLog, PolicyDocument, PolicyStatement, ServiceHandler } from '../../../../local/types';

const identity = { partition: 'aws', accountId: '000000000000', region: 'eu-west-1' } as const;
export const slackToken = 'xoxb-local';

interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TestStack extends LocalAws {
  readonly warnings: LogLine[];
  /** Settings for a client that calls as the operator, or as a function with these statements. */
  clientConfig(statements?: readonly PolicyStatement[]): ClientConfig;
}

interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly maxAttempts: number;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export async function startTestStack(
  services: Record<string, ServiceHandler> = {},
  over: Partial<LocalAwsOptions> = {},
): Promise<TestStack> {
  const warnings: LogLine[] = [];
  const log: LocalLog = {
    info: () => undefined,
    warn: (message, fields = {}) => void warnings.push({ message, fields }),
  };
  const aws = await startLocalAws({
    identity,
    port: 0,
    services,
    slackToken,
    slackSigningSecret: 'signing-secret',
    slackInteractionsUrl: () => undefined,
    log,
    ...over,
  });
  let registered = 0;
  const register = (statements: readonly PolicyStatement[]) => {
    registered += 1;
    const accessKeyId = `ASIATEST${registered}`;
    const arn = `arn:aws:sts::${identity.accountId}:assumed-role/role/fn${registered}`;
    const document: PolicyDocument = { Version: '2012-10-17', Statement: statements };
    const caller = { accessKeyId, arn, functionName: `fn${registered}` };
    aws.gateway.registerCaller(accessKeyId, { caller, documents: [document] });
    return { accessKeyId, secretAccessKey: 'secret' };
  };
  return {
    ...aws,
    warnings,
    clientConfig: (statements) => ({
      endpoint: aws.gateway.url,
      region: identity.region,
      maxAttempts: 1,
      credentials: statements ? register(statements) : aws.gateway.operatorCredentials,
    }),
  };
}

export function operatorClients(stack: TestStack) {
  const config = stack.clientConfig();
  return {
    sqs: new SQSClient(config),
    sns: new SNSClient(config),
    dynamodb: new DynamoDBClient(config),
  };
}

/** The error a promise rejects with, as far as callers see it. */
export async function failureOf(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, message, status: $metadata?.httpStatusCode };
  }
  throw new Error('expected a failure');
}
