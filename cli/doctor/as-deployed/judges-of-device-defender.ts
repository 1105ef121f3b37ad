import { lowerFirstLetters, quoteForShell } from '../command-line';
import { matches } from './compare';
import { compareFields, differ } from './differ';
import { type Differences, gone, type Judge, listKnown } from './judge';
import type { PresentResources, PresentSecurityProfile } from './present';
import { type DeployedResource, unknown } from './template';

type Fields = Readonly<Record<string, unknown>>;

/** The length of a line that is easy to paste into a shell; the page has a longer command. */
const longestCommand = 4_000;

async function judgeMetric(
  { physicalId, properties }: DeployedResource,
  { readCustomMetric }: PresentResources,
): Promise<Differences> {
  const present = await readCustomMetric(physicalId);
  const { MetricType, DisplayName } = properties;
  const name = typeof DisplayName === 'string' ? ` --display-name ${quoteForShell(DisplayName)}` : '';
  if (!present)
    return [
      {
        what: 'it is missing',
        why: 'Device Defender ignores what devices report of it, so no behavior of it is ever violated.',
        mend: `aws iot create-custom-metric --metric-name ${physicalId} --metric-type ${String(MetricType)}${name}`,
      },
    ];
  return compareFields({ MetricType, ...(DisplayName !== undefined && { DisplayName }) }, present);
}

async function judgeProfile(
  { physicalId, properties }: DeployedResource,
  { readSecurityProfile }: PresentResources,
): Promise<Differences> {
  const present = await readSecurityProfile(physicalId);
  if (!present) return gone;
  return [
    ...judgeBehaviors(physicalId, properties, present),
    ...judgeAlertTargets(physicalId, properties, present),
    ...judgeTargets(physicalId, properties, present),
    ...listFields(properties.AdditionalMetricsToRetainV2)
      .filter((metric) => !present.retained.some((one) => matches(metric, one)))
      .map(({ Metric }) => `the values of ${String(Metric)} are no longer retained`),
  ];
}

function judgeBehaviors(name: string, properties: Fields, present: PresentSecurityProfile): Differences {
  const deployed = listFields(properties.Behaviors);
  const found = [
    ...deployed.flatMap((behavior) => {
      const now = present.behaviors.find(({ Name }) => Name === behavior.Name);
      const title = `behavior ${String(behavior.Name)}`;
      if (!now) return [`its ${title} is missing`];
      return [
        ...compareFields(behavior, now),
        // A dimension that was added narrows what is looked at.
        ...(behavior.MetricDimension === undefined && now.MetricDimension !== undefined
          ? [`MetricDimension is ${JSON.stringify(now.MetricDimension)}`]
          : []),
      ].map((difference) => `${title}: ${difference}`);
    }),
    ...present.behaviors
      .filter(({ Name }) => !deployed.some((behavior) => behavior.Name === Name))
      .map(({ Name }) => `it has another behavior, ${String(Name)}`),
  ];
  if (found.length === 0) return [];
  const text = JSON.stringify(lowerFirstLetters(deployed.map(writeCount)));
  const command = `aws iot update-security-profile --security-profile-name ${name} --behaviors ${quoteForShell(text)}`;
  return [
    {
      what: found.join('; '),
      why: 'Device Defender finds other violations than cordon.yml says, or none.',
      mend: command.length > longestCommand ? 'docs/changed-by-hand.md' : command,
    },
  ];
}

/** `Count` is a text in CloudFormation and a number in the API. */
function writeCount(behavior: Fields): Fields {
  const { Criteria } = behavior as { readonly Criteria?: Fields & { readonly Value?: Fields } };
  const count = Criteria?.Value?.Count;
  if (count === undefined) return behavior;
  return { ...behavior, Criteria: { ...Criteria, Value: { ...Criteria?.Value, Count: Number(count) } } };
}

function judgeAlertTargets(
  name: string,
  { AlertTargets }: Fields,
  present: PresentSecurityProfile,
): Differences {
  const found = differ('AlertTargets', AlertTargets, present.alertTargets);
  if (found.length === 0) return [];
  const { SNS } = AlertTargets as { readonly SNS?: Fields };
  const isKnown = SNS !== undefined && Object.values(SNS).every((value) => value !== unknown);
  return [
    {
      what: found.join('; '),
      why: 'Cordon receives no alert of its violations.',
      mend: isKnown
        ? `aws iot update-security-profile --security-profile-name ${name} --alert-targets '${JSON.stringify({ SNS: lowerFirstLetters(SNS) })}'`
        : 'docs/changed-by-hand.md',
    },
  ];
}

function judgeTargets(name: string, { TargetArns }: Fields, present: PresentSecurityProfile): Differences {
  const deployed = listKnown(TargetArns);
  const command = (verb: string, arn: string) =>
    `aws iot ${verb}-security-profile --security-profile-name ${name} --security-profile-target-arn ${arn}`;
  return [
    ...deployed
      .filter((arn) => !present.targets.includes(arn))
      .map((arn) => ({
        what: `it is not attached to ${arn}`,
        why: 'Device Defender does not look at these things.',
        mend: command('attach', arn),
      })),
    ...present.targets
      .filter((arn) => !deployed.includes(arn))
      .map((arn) => ({
        what: `it is also attached to ${arn}`,
        why: 'Violations of these things come to Cordon too, and its playbooks apply to them.',
        mend: command('detach', arn),
      })),
  ];
}

async function judgeMitigationAction(
  { physicalId, properties }: DeployedResource,
  { readMitigationAction }: PresentResources,
): Promise<Differences> {
  const present = await readMitigationAction(physicalId);
  if (!present) return gone;
  const { RoleArn, ActionParams } = properties;
  const found = compareFields({ RoleArn, ActionParams }, present);
  if (found.length === 0) return [];
  return [
    {
      what: found.join('; '),
      why: 'The action detect-mitigation-task no longer puts a thing into the quarantine group.',
      mend:
        RoleArn === unknown
          ? 'docs/changed-by-hand.md'
          : `aws iot update-mitigation-action --action-name ${physicalId} --role-arn ${String(RoleArn)} --action-params '${JSON.stringify(lowerFirstLetters(ActionParams))}'`,
    },
  ];
}

function listFields(value: unknown): readonly Fields[] {
  return [value ?? []].flat() as Fields[];
}

export const judgesOfDeviceDefender: Readonly<Record<string, Judge>> = {
  'AWS::IoT::CustomMetric': { word: 'custom metric', judge: judgeMetric },
  'AWS::IoT::SecurityProfile': { word: 'security profile', judge: judgeProfile },
  'AWS::IoT::MitigationAction': { word: 'mitigation action', judge: judgeMitigationAction },
};
