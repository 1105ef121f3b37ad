import {
  AttachSecurityProfileCommand,
  type Behavior,
  CreateCustomMetricCommand,
  CreateSecurityProfileCommand,
  type CreateSecurityProfileCommandInput,
  type CustomMetricType,
} from '@aws-sdk/client-iot';
import { promptCalls } from '../../../cli/calls';
import { openExisting } from '../../../cli/existing/read';
import { createIotControlPlane } from '../../../local/aws/iot/control-plane';
import type { ServiceHandler } from '../../../local/types';
import { aRegistry, prefix } from '../../local/aws/iot/builders';
import { startServer } from '../../local/aws/iot/server';

/** An account with Device Defender, behind the control plane of the local stack. `throttled`: calls refused at first. */
export async function startAccount({ throttled = 0 } = {}) {
  const registry = aRegistry();
  const plane = createIotControlPlane(registry);
  let refusals = 0;
  const handler: ServiceHandler = {
    ...plane,
    async handle(request) {
      if (request.method !== 'GET' || refusals >= throttled) return plane.handle(request);
      refusals += 1;
      const headers = { 'content-type': 'application/json', 'x-amzn-ErrorType': 'ThrottlingException' };
      return { status: 400, headers, body: '{"message":"Rate exceeded"}' };
    },
  };
  const server = await startServer(handler);
  const endpoint = await server.client.config.endpoint?.();
  const settings = {
    endpoint: `http://${endpoint?.hostname}:${endpoint?.port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...promptCalls(),
  };
  return {
    registry,
    asked: server.asked,
    existing: openExisting(settings),
    createMetric: (metricName: string, metricType: CustomMetricType = 'number', displayName?: string) =>
      server.client.send(
        new CreateCustomMetricCommand({ metricName, metricType, displayName, clientRequestToken: 't' }),
      ),
    async createProfile(
      securityProfileName: string,
      behaviors: Behavior[],
      {
        topic,
        targets = ['all/registered-things'],
        ...more
      }: Partial<CreateSecurityProfileCommandInput> & {
        readonly topic?: string;
        readonly targets?: readonly string[];
      } = {},
    ) {
      const alertTargets = topic
        ? { SNS: { alertTargetArn: topic, roleArn: 'arn:aws:iam::123456789012:role/alerts' } }
        : undefined;
      await server.client.send(
        new CreateSecurityProfileCommand({ securityProfileName, behaviors, alertTargets, ...more }),
      );
      for (const target of targets)
        await server.client.send(
          new AttachSecurityProfileCommand({
            securityProfileName,
            securityProfileTargetArn: `${prefix}${target}`,
          }),
        );
    },
    close: server.close,
  };
}

export type Account = Awaited<ReturnType<typeof startAccount>>;

export const bytesOut: Behavior = {
  name: 'many-bytes-out',
  metric: 'aws:all-bytes-out',
  criteria: { comparisonOperator: 'less-than', value: { count: 5_000_000 }, durationSeconds: 300 },
};

export const learned: Behavior = {
  name: 'learned',
  metric: 'aws:all-bytes-out',
  criteria: { mlDetectionConfig: { confidenceLevel: 'MEDIUM' } },
};

export const alertsTopic = 'arn:aws:sns:eu-west-1:123456789012:iot-alerts';
