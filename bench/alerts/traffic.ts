import { setTimeout as delay } from 'node:timers/promises';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
} from '@aws-sdk/client-iot';
import { PublishBatchCommand, PublishCommand } from '@aws-sdk/client-sns';
import { createDevicePolicy } from '../../local/devices';
import { inParallel } from './in-parallel';
import type { Service } from './service';

/** One alert to be sent; `id` makes the event unique, so that the same id twice is a repeat. */
export interface Alert {
  readonly thingName: string;
  readonly behavior: string;
  readonly id: string;
  readonly message: string;
}

export function anAlert(thingName: string, behavior: string, occurredAt: number): Alert {
  const id = `${thingName}-${behavior}`;
  const message = JSON.stringify({
    violationEventTime: occurredAt,
    thingName,
    behavior: {
      name: behavior,
      metric: 'num_child_procs_myapp',
      criteria: { comparisonOperator: 'less-than-equals', value: { number: 0 } },
    },
    violationEventType: 'in-alarm',
    metricValue: { number: 1 },
    violationId: id,
    securityProfileName: 'myapp-processes',
  });
  return { thingName, behavior, id, message };
}

const enrolledAtOnce = 8;

/** The parameters of a device's connection. */
export interface DeviceFiles {
  readonly certificateArn: string;
  readonly cert: string;
  readonly key: string;
}

/** Registers things with a certificate each and the policy of the story's devices. */
export async function enroll(
  { iot }: Service,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DeviceFiles>> {
  await createDevicePolicy(iot);
  const enrolled = new Map<string, DeviceFiles>();
  await inParallel(names, enrolledAtOnce, async (thingName) => {
    signal.throwIfAborted();
    await iot.send(new CreateThingCommand({ thingName }));
    const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    const { certificateArn = '', certificatePem = '', keyPair } = made;
    await iot.send(new AttachPolicyCommand({ policyName: 'device', target: certificateArn }));
    await iot.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
    enrolled.set(thingName, { certificateArn, cert: certificatePem, key: keyPair?.PrivateKey ?? '' });
  });
  return enrolled;
}

/** Publishes at `rate` alerts a second, each when its time has come; notes when each thing's first one went out. */
export async function publishSteadily(
  { sns, outputs }: Service,
  alerts: readonly Alert[],
  rate: number,
  sentAt: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  for (const [index, { thingName, message }] of alerts.entries()) {
    const waitMs = startedAt + (index * 1_000) / rate - performance.now();
    await delay(Math.max(0, waitMs), undefined, { signal });
    if (!sentAt.has(thingName)) sentAt.set(thingName, Date.now());
    await sns.send(new PublishCommand({ TopicArn: outputs.AlertsTopicArn, Message: message }));
  }
}

/** The most entries of PublishBatch (SNS API reference). */
const batchSize = 10;

/** Publishes in batches as fast as the topic takes them. */
export async function publishAtOnce(
  { sns, outputs }: Pick<Service, 'sns' | 'outputs'>,
  alerts: readonly Alert[],
  sentAt: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < alerts.length; start += batchSize) {
    signal.throwIfAborted();
    const batch = alerts.slice(start, start + batchSize);
    for (const { thingName } of batch) if (!sentAt.has(thingName)) sentAt.set(thingName, Date.now());
    const { Failed = [] } = await sns.send(
      new PublishBatchCommand({
        TopicArn: outputs.AlertsTopicArn,
        PublishBatchRequestEntries: batch.map(({ message }, index) => ({
          Id: String(index),
          Message: message,
        })),
      }),
    );
    if (Failed.length > 0) throw new Error(`${Failed.length} alerts were not published`);
  }
}
