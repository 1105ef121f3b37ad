import { createHash } from 'node:crypto';
import type { Behavior, Configuration } from '../../shared/domain/configuration';
import { allow, arn, arnOf, inlinePolicy, type Resources, ref, trust, type Value } from './cloudformation';
import { allowKey } from './encryption';

/** Only for accounts that have Detect. */
export function writeDeviceDefender(
  prefix: string,
  { customMetrics, securityProfiles, quarantine }: Configuration,
): Resources {
  const metrics = writeMetrics(customMetrics);
  return {
    ...writeAction(prefix, quarantine.thingGroup),
    ...metrics,
    ...writeProfiles(securityProfiles, Object.keys(metrics)),
  };
}

/** The mitigation action for tasks of Detect: adds the thing to the quarantine group. */
function writeAction(prefix: string, thingGroup: string): Resources {
  return {
    // The only built-in action of Detect (docs/facts.md#mitigation-tasks).
    DefenderAction: {
      Type: 'AWS::IoT::MitigationAction',
      Properties: {
        ActionName: `${prefix}-quarantine`,
        RoleArn: arnOf('DefenderActionRole'),
        ActionParams: {
          AddThingsToThingGroupParams: {
            ThingGroupNames: [thingGroup],
            OverrideDynamicGroups: true,
          },
        },
      },
    },
    DefenderActionRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('iot.amazonaws.com', arn('iot', 'mitigationaction/*')),
        Policies: inlinePolicy('quarantine', [
          allow('iot:AddThingToThingGroup', [arn('iot', 'thing/*'), arn('iot', `thinggroup/${thingGroup}`)]),
          allow('iot:ListPrincipalThings', arn('iot', 'cert/*')),
        ]),
      },
    },
  };
}

function writeMetrics(customMetrics: Configuration['customMetrics']): Resources {
  return Object.fromEntries(
    Object.entries(customMetrics).map(([name, { type, displayName }]) => [
      logicalId('Metric', name),
      {
        Type: 'AWS::IoT::CustomMetric',
        Properties: {
          MetricName: name,
          MetricType: type,
          ...(displayName && { DisplayName: displayName }),
        },
      },
    ]),
  );
}

function writeProfiles(
  securityProfiles: Configuration['securityProfiles'],
  metricIds: readonly string[],
): Resources {
  return {
    DefenderRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('iot.amazonaws.com', arn('iot', 'securityprofile/*')),
        Policies: inlinePolicy('alert', [allow('sns:Publish', ref('AlertsTopic')), allowKey()]),
      },
    },
    ...Object.fromEntries(
      Object.entries(securityProfiles).map(([name, profile]) => [
        logicalId('Profile', name),
        {
          Type: 'AWS::IoT::SecurityProfile',
          // A behavior refers to its metric only by a string, so the order must be explicit.
          DependsOn: metricIds,
          Properties: {
            SecurityProfileName: name,
            ...(profile.description && { SecurityProfileDescription: profile.description }),
            Behaviors: profile.behaviors.map(writeBehavior),
            AlertTargets: { SNS: { AlertTargetArn: ref('AlertsTopic'), RoleArn: arnOf('DefenderRole') } },
            AdditionalMetricsToRetainV2: profile.additionalMetricsToRetain.map((Metric) => ({ Metric })),
            TargetArns: profile.targets.map((target) => arn('iot', target)),
          },
        },
      ]),
    ),
  };
}

function writeBehavior({ name, metric, metricDimension, criteria, suppressAlerts }: Behavior): Value {
  const { comparisonOperator, value, statisticalThreshold, mlDetectionConfig, durationSeconds } = criteria;
  return {
    Name: name,
    Metric: metric,
    ...(metricDimension && {
      MetricDimension: { DimensionName: metricDimension.dimensionName, Operator: metricDimension.operator },
    }),
    SuppressAlerts: suppressAlerts,
    Criteria: {
      ...(comparisonOperator && { ComparisonOperator: comparisonOperator }),
      ...(value && { Value: writeValue(value) }),
      ...(statisticalThreshold && {
        StatisticalThreshold: { Statistic: statisticalThreshold.statistic },
      }),
      ...(mlDetectionConfig && {
        MlDetectionConfig: { ConfidenceLevel: mlDetectionConfig.confidenceLevel },
      }),
      ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
      ConsecutiveDatapointsToAlarm: criteria.consecutiveDatapointsToAlarm,
      ConsecutiveDatapointsToClear: criteria.consecutiveDatapointsToClear,
    },
  };
}

function writeValue({
  count,
  number,
  numbers,
  strings,
  ports,
  cidrs,
}: NonNullable<Behavior['criteria']['value']>): Value {
  return {
    // CloudFormation expects Count as a string, unlike the API.
    ...(count !== undefined && { Count: String(count) }),
    ...(number !== undefined && { Number: number }),
    ...(numbers && { Numbers: numbers }),
    ...(strings && { Strings: strings }),
    ...(ports && { Ports: ports }),
    ...(cidrs && { Cidrs: cidrs }),
  };
}

/** CloudFormation takes 255 letters and digits (its user guide, "Quotas"). */
const maxIdLength = 255;

/**
 * Logical ids are letters and digits; other characters become their code. A name that reads like one with codes, or whose id would be
 * too long, ends with its hash, so that no two names have one id.
 */
function logicalId(kind: string, name: string): string {
  const id = kind + name.replace(/[^a-zA-Z0-9]/g, (character) => `x${character.charCodeAt(0).toString(16)}x`);
  if (id.length <= maxIdLength && !/x[0-9a-f]+x/.test(name)) return id;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${id.slice(0, maxIdLength - hash.length)}${hash}`;
}
