import * as z from 'zod/mini';
import { findMetric, findProfile, listProfileMetrics } from '../defender';
import type { SecurityProfile } from '../defender-state';
import { IotServiceError, invalid } from '../errors';
import type { IotRegistry } from '../registry';
import { saveTags } from '../tags';
import {
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readFlag,
  readParam,
  readVersion,
  routesAt,
  Tags,
  toSeconds,
} from './route';

const Dimension = z.object({
  dimensionName: z.string(),
  operator: z.exactOptional(z.enum(['IN', 'NOT_IN'])),
});

/** `MetricValue` of the model. */
export const MetricValue = z.object({
  count: z.exactOptional(z.int().check(z.minimum(0))),
  cidrs: z.exactOptional(z.array(z.string().check(z.minLength(2), z.maxLength(43)))),
  ports: z.exactOptional(z.array(z.int().check(z.minimum(0), z.maximum(65_535)))),
  number: z.exactOptional(z.number()),
  numbers: z.exactOptional(z.array(z.number())),
  strings: z.exactOptional(z.array(z.string())),
});

const Criteria = z.object({
  comparisonOperator: z.exactOptional(z.string()),
  value: z.exactOptional(MetricValue),
  durationSeconds: z.exactOptional(z.int()),
  consecutiveDatapointsToAlarm: z.exactOptional(z.int()),
  consecutiveDatapointsToClear: z.exactOptional(z.int()),
  statisticalThreshold: z.exactOptional(z.object({ statistic: z.exactOptional(z.string()) })),
  mlDetectionConfig: z.exactOptional(z.object({ confidenceLevel: z.enum(['LOW', 'MEDIUM', 'HIGH']) })),
});

const Behavior = z.object({
  name: z.string(),
  metric: z.exactOptional(z.string()),
  metricDimension: z.exactOptional(Dimension),
  criteria: z.exactOptional(Criteria),
  suppressAlerts: z.exactOptional(z.boolean()),
  exportMetric: z.exactOptional(z.boolean()),
});

const MetricToRetain = z.object({
  metric: z.string(),
  metricDimension: z.exactOptional(Dimension),
  exportMetric: z.exactOptional(z.boolean()),
});

/** The only key of `alertTargets` in the model is SNS. */
const AlertTargets = z.object({
  SNS: z.exactOptional(z.object({ alertTargetArn: z.string(), roleArn: z.string() })),
});

const Fields = z.object({
  securityProfileDescription: z.exactOptional(z.string().check(z.maxLength(1000))),
  behaviors: z.exactOptional(z.array(Behavior)),
  alertTargets: z.exactOptional(AlertTargets),
  additionalMetricsToRetain: z.exactOptional(z.array(z.string())),
  additionalMetricsToRetainV2: z.exactOptional(z.array(MetricToRetain)),
  metricsExportConfig: z.exactOptional(z.object({ mqttTopic: z.string(), roleArn: z.string() })),
});

/** What one of these flags names must not be given too (API reference). */
const UpdateProfile = z.extend(Fields, {
  deleteBehaviors: z.exactOptional(z.boolean()),
  deleteAlertTargets: z.exactOptional(z.boolean()),
  deleteAdditionalMetricsToRetain: z.exactOptional(z.boolean()),
  deleteMetricsExportConfig: z.exactOptional(z.boolean()),
});

const CreateProfile = z.extend(Fields, { tags: z.exactOptional(Tags) });

function readProfileName(call: IotCall): string {
  return readParam(call, 'securityProfileName');
}

function toIdentifier({ securityProfileName, securityProfileArn }: SecurityProfile) {
  return { securityProfileName, securityProfileArn };
}

function describeProfile(profile: SecurityProfile) {
  return {
    ...profile.fields,
    ...toIdentifier(profile),
    version: profile.version,
    creationDate: toSeconds(profile.createdAt),
    lastModifiedDate: toSeconds(profile.modifiedAt),
  };
}

function createProfile(registry: IotRegistry, name: string, call: IotCall) {
  const { tags, ...fields } = readBody(CreateProfile, call);
  const profile = registry.defender.createProfile(name, fields);
  saveTags(registry.state, profile.securityProfileArn, tags);
  return toIdentifier(profile);
}

/** A list in the request replaces the stored one; an absent list stays. */
function updateProfile(registry: IotRegistry, name: string, call: IotCall) {
  const before = findProfile(registry.state, name);
  const expected = readVersion(call);
  if (expected !== undefined && expected !== before.version)
    throw new IotServiceError(
      'VersionConflictException',
      `Security profile ${name} has version ${before.version}.`,
    );
  const {
    deleteBehaviors,
    deleteAlertTargets,
    deleteAdditionalMetricsToRetain,
    deleteMetricsExportConfig,
    ...given
  } = readBody(UpdateProfile, call);
  const left = Object.entries({
    behaviors: deleteBehaviors,
    alertTargets: deleteAlertTargets,
    additionalMetricsToRetain: deleteAdditionalMetricsToRetain,
    additionalMetricsToRetainV2: deleteAdditionalMetricsToRetain,
    metricsExportConfig: deleteMetricsExportConfig,
  }).flatMap(([field, isDeleted]) => (isDeleted ? [field] : []));
  const both = left.find((field) => field in given);
  if (both) throw invalid(`${both} is both given and deleted.`);
  const kept = Object.entries(before.fields).filter(([field]) => !left.includes(field));
  return describeProfile(registry.defender.updateProfile(name, { ...Object.fromEntries(kept), ...given }));
}

/** The dimensions that the behaviors and metrics of a profile name. */
function listDimensions({ fields }: SecurityProfile): readonly string[] {
  const { behaviors = [], additionalMetricsToRetainV2 = [] } = z.parse(Fields, fields);
  return [...behaviors, ...additionalMetricsToRetainV2].flatMap(
    ({ metricDimension }) => metricDimension?.dimensionName ?? [],
  );
}

function listProfiles({ state }: IotRegistry, call: IotCall) {
  const [metric, dimension] = [call.query.get('metricName'), call.query.get('dimensionName')];
  if (metric !== null && dimension !== null)
    throw invalid('dimensionName and metricName cannot be used together.');
  if (metric !== null) findMetric(state, metric);
  const profiles = [...state.securityProfiles.values()].filter(
    (profile) =>
      (metric === null || listProfileMetrics(profile.fields).includes(metric)) &&
      (dimension === null || listDimensions(profile).includes(dimension)),
  );
  const page = paginate(call, 'token', profiles, ({ securityProfileName }) => securityProfileName);
  const securityProfileIdentifiers = page.items.map(({ securityProfileName, securityProfileArn }) => ({
    name: securityProfileName,
    arn: securityProfileArn,
  }));
  return { securityProfileIdentifiers, ...page.next };
}

function listForTarget({ state, defender }: IotRegistry, call: IotCall) {
  const arn = call.query.get('securityProfileTargetArn') ?? '';
  const profiles = defender.listOfTarget(arn, readFlag(call, 'recursive', false));
  const page = paginate(call, 'token', profiles, ({ securityProfileName }) => securityProfileName);
  const securityProfileTargetMappings = page.items.map(({ securityProfileName }) => ({
    securityProfileIdentifier: {
      name: securityProfileName,
      arn: state.arns.build('securityprofile', securityProfileName),
    },
    target: { arn },
  }));
  return { securityProfileTargetMappings, ...page.next };
}

function listTargets({ state }: IotRegistry, call: IotCall) {
  const { targets } = findProfile(state, readProfileName(call));
  const page = paginate(call, 'token', targets, (arn) => arn);
  return { securityProfileTargets: page.items.map((arn) => ({ arn })), ...page.next };
}

export function securityProfileRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, defender } = registry;
  const readName = readProfileName;
  const ofGroup = (call: IotCall) =>
    [call.query.get('securityProfileTargetArn') ?? ''].filter((arn) => state.arns.idOf('thinggroup', arn));
  const route = routesAt('/security-profiles/{securityProfileName}', (call) => [
    state.arns.build('securityprofile', readName(call)),
    ...ofGroup(call),
  ]);
  const ofMetric = (call: IotCall) => {
    const metricName = call.query.get('metricName');
    return metricName === null ? [] : [state.arns.build('custommetric', metricName)];
  };
  return [
    routesAt('/security-profiles', ofMetric)('ListSecurityProfiles', 'GET', (call) =>
      listProfiles(registry, call),
    ),
    route('CreateSecurityProfile', 'POST', (call) => createProfile(registry, readName(call), call)),
    route('UpdateSecurityProfile', 'PATCH', (call) => updateProfile(registry, readName(call), call)),
    route('DescribeSecurityProfile', 'GET', (call) => describeProfile(findProfile(state, readName(call)))),
    route(
      'AttachSecurityProfile',
      'PUT',
      (call) => defender.attachProfile(readName(call), call.query.get('securityProfileTargetArn') ?? ''),
      '/targets',
    ),
    route(
      'DetachSecurityProfile',
      'DELETE',
      (call) => defender.detachProfile(readName(call), call.query.get('securityProfileTargetArn') ?? ''),
      '/targets',
    ),
    routesAt('/security-profiles-for-target', ofGroup)('ListSecurityProfilesForTarget', 'GET', (call) =>
      listForTarget(registry, call),
    ),
    route('ListTargetsForSecurityProfile', 'GET', (call) => listTargets(registry, call), '/targets'),
  ];
}
