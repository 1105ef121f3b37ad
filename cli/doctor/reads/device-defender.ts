import {
  DescribeCustomMetricCommand,
  DescribeMitigationActionCommand,
  DescribeSecurityProfileCommand,
  type IoTClient,
  paginateListCustomMetrics,
  paginateListSecurityProfilesForTarget,
  paginateListTargetsForSecurityProfile,
} from '@aws-sdk/client-iot';
import type { PresentResources, PresentSecurityProfile } from '../as-deployed/present';
import type { DetectUse } from '../checks/detect-quotas';
import { capitalizeKeys, orGone } from './answers';

type DeviceDefender = Pick<
  PresentResources,
  'readCustomMetric' | 'readSecurityProfile' | 'readMitigationAction'
>;

const capitalizeParts = (value: object) => capitalizeKeys(value) as Readonly<Record<string, unknown>>;

/** The resources that the stack of a `device-defender` detector made there, named as in the template. */
export function connectDeviceDefender(client: IoTClient): DeviceDefender {
  async function readProfile(securityProfileName: string): Promise<PresentSecurityProfile> {
    const profile = await client.send(new DescribeSecurityProfileCommand({ securityProfileName }));
    const targets: string[] = [];
    for await (const { securityProfileTargets = [] } of paginateListTargetsForSecurityProfile(
      { client, pageSize: 250 },
      { securityProfileName },
    ))
      targets.push(...securityProfileTargets.flatMap(({ arn }) => arn ?? []));
    const { behaviors = [], alertTargets = {}, additionalMetricsToRetainV2: retained = [] } = profile;
    return {
      behaviors: behaviors.map(capitalizeParts),
      alertTargets: capitalizeParts(alertTargets),
      retained: retained.map(capitalizeParts),
      targets,
    };
  }

  return {
    readCustomMetric: (metricName) =>
      orGone(async () => {
        const { metricType, displayName } = await client.send(
          new DescribeCustomMetricCommand({ metricName }),
        );
        return { MetricType: metricType, ...(displayName && { DisplayName: displayName }) };
      }),
    readSecurityProfile: (name) => orGone(() => readProfile(name)),
    readMitigationAction: (actionName) =>
      orGone(async () => {
        const { roleArn, actionParams } = await client.send(
          new DescribeMitigationActionCommand({ actionName }),
        );
        return { RoleArn: roleArn, ActionParams: capitalizeKeys(actionParams) };
      }),
  };
}

/** The objects that count against the quotas of Detect, whoever created them. */
export function connectDetectUse(client: IoTClient) {
  return {
    /** `arnPrefix`: `arn:aws:iot:REGION:ACCOUNT`. */
    async readDetectUse(arnPrefix: string): Promise<DetectUse> {
      const metrics: string[] = [];
      for await (const { metricNames = [] } of paginateListCustomMetrics({ client, pageSize: 250 }, {}))
        metrics.push(...metricNames);
      return {
        metrics,
        async profilesOf(target) {
          const names: string[] = [];
          for await (const { securityProfileTargetMappings = [] } of paginateListSecurityProfilesForTarget(
            { client, pageSize: 250 },
            { securityProfileTargetArn: `${arnPrefix}:${target}` },
          ))
            names.push(
              ...securityProfileTargetMappings.flatMap(
                ({ securityProfileIdentifier }) => securityProfileIdentifier?.name ?? [],
              ),
            );
          return names;
        },
      };
    },
  };
}
