import {
  type Behavior,
  DescribeCustomMetricCommand,
  DescribeSecurityProfileCommand,
  IoTClient,
  ListCustomMetricsCommand,
  ListSecurityProfilesCommand,
  ListTargetsForSecurityProfileCommand,
  type MetricToRetain,
} from '@aws-sdk/client-iot';
import { orNothing } from '../../shared/errors';
import type { Settings } from '../target';

/** A security profile of the account, as Device Defender has it. */
export interface ExistingProfile {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly behaviors: readonly Behavior[];
  /** Topics to which its alerts go. */
  readonly topics: readonly string[];
  readonly retained: readonly MetricToRetain[];
  /** As in cordon.yml: `all/registered-things`, `thinggroup/NAME`. */
  readonly targets: readonly string[];
  /** MQTT topic to which it exports metrics. */
  readonly exportTopic?: string;
}

export interface ExistingMetric {
  readonly name: string;
  readonly type: string;
  readonly displayName?: string;
}

/** Reads Device Defender of an account, one call after the other. */
export function openExisting(settings: Settings) {
  return connectExisting(new IoTClient(settings));
}

export function connectExisting(client: Pick<IoTClient, 'send'>) {
  async function listTargets(securityProfileName: string): Promise<readonly string[]> {
    const targets: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new ListTargetsForSecurityProfileCommand({ securityProfileName, nextToken, maxResults: 250 }),
      );
      targets.push(...(page.securityProfileTargets ?? []).flatMap(({ arn }) => arn ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
    return targets.map((arn) => arn.split(':').slice(5).join(':'));
  }

  /** Undefined if somebody deleted it meanwhile. */
  async function readProfile(name: string): Promise<ExistingProfile | undefined> {
    return orNothing(async () => {
      const found = await client.send(new DescribeSecurityProfileCommand({ securityProfileName: name }));
      const { securityProfileDescription: description, metricsExportConfig } = found;
      return {
        name,
        arn: found.securityProfileArn ?? '',
        ...(description && { description }),
        behaviors: found.behaviors ?? [],
        topics: Object.values(found.alertTargets ?? {}).flatMap(({ alertTargetArn }) => alertTargetArn ?? []),
        retained: [
          ...(found.additionalMetricsToRetainV2 ?? []),
          // The field from before metrics had dimensions.
          ...(found.additionalMetricsToRetain ?? []).map((metric) => ({ metric })),
        ],
        targets: await listTargets(name),
        ...(metricsExportConfig?.mqttTopic && { exportTopic: metricsExportConfig.mqttTopic }),
      };
    });
  }

  async function readMetric(metricName: string): Promise<ExistingMetric | undefined> {
    return orNothing(async () => {
      const { metricType = '', displayName } = await client.send(
        new DescribeCustomMetricCommand({ metricName }),
      );
      return { name: metricName, type: metricType, ...(displayName && { displayName }) };
    });
  }

  return {
    /** Lists the profiles by name. */
    async listProfiles(): Promise<readonly ExistingProfile[]> {
      const names: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(new ListSecurityProfilesCommand({ nextToken, maxResults: 250 }));
        names.push(...(page.securityProfileIdentifiers ?? []).flatMap(({ name }) => name ?? []));
        nextToken = page.nextToken;
      } while (nextToken);
      return readEach(names, readProfile);
    },

    async listMetrics(): Promise<readonly ExistingMetric[]> {
      const names: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(new ListCustomMetricsCommand({ nextToken, maxResults: 250 }));
        names.push(...(page.metricNames ?? []));
        nextToken = page.nextToken;
      } while (nextToken);
      return readEach(names, readMetric);
    },
  };
}

async function readEach<T>(names: readonly string[], read: (name: string) => Promise<T | undefined>) {
  const found: T[] = [];
  for (const name of [...new Set(names)].toSorted()) {
    const one = await read(name);
    if (one !== undefined) found.push(one);
  }
  return found;
}

export type Existing = ReturnType<typeof connectExisting>;
