import * as z from 'zod/mini';
import { findProfile, listProfileMetrics } from '../defender';
import { IotServiceError, invalid } from '../errors';
import type { IotRegistry } from '../registry';
import type { SecurityProfile } from '../state';
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

const CreateProfile = z.extend(Fields, { tags: z.exactOptional(Tags) });

const UpdateProfile = z.extend(Fields, {
  deleteBehaviors: z._default(z.boolean(), false),
  deleteAlertTargets: z._default(z.boolean(), false),
  deleteAdditionalMetricsToRetain: z._default(z.boolean(), false),
  deleteMetricsExportConfig: z._default(z.boolean(), false),
});

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

function updateProfile(registry: IotRegistry, name: string, call: IotCall) {
  const {
    deleteBehaviors,
    deleteAlertTargets,
    deleteAdditionalMetricsToRetain,
    deleteMetricsExportConfig,
    ...fields
  } = readBody(UpdateProfile, call);
  const remove = [
    ...(deleteBehaviors ? ['behaviors'] : []),
    ...(deleteAlertTargets ? ['alertTargets'] : []),
    ...(deleteAdditionalMetricsToRetain ? ['additionalMetricsToRetain', 'additionalMetricsToRetainV2'] : []),
    ...(deleteMetricsExportConfig ? ['metricsExportConfig'] : []),
  ];
  if (remove.some((field) => field in fields)) throw invalid('A field is both given and deleted.');
  const expectedVersion = readVersion(call);
  return describeProfile(
    registry.defender.updateProfile(name, {
      fields,
      remove,
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
    }),
  );
}

function listProfiles(registry: IotRegistry, call: IotCall) {
  const metric = call.query.get('metricName');
  const profiles = [...registry.state.securityProfiles.values()].filter(
    ({ fields }) => metric === null || listProfileMetrics(fields).includes(metric),
  );
  const page = paginate(call, 'token', profiles, (profile) => profile.securityProfileName);
  return {
    securityProfileIdentifiers: page.items.map((profile) => ({
      name: profile.securityProfileName,
      arn: profile.securityProfileArn,
    })),
    ...page.next,
  };
}

function readTarget(call: IotCall): string {
  const target = call.query.get('securityProfileTargetArn');
  if (!target) throw invalid('securityProfileTargetArn is required.');
  return target;
}

function listProfilesForTarget(registry: IotRegistry, call: IotCall) {
  const target = readTarget(call);
  const groupName = registry.state.arns.idOf('thinggroup', target) ?? '';
  const ancestors = readFlag(call, 'recursive', false) ? registry.lineageOf(groupName) : [];
  const targets = [...new Set([target, ...ancestors.map(({ groupArn }) => groupArn)])];
  const mappings = targets.flatMap((arn) =>
    [...registry.state.securityProfiles.values()]
      .filter((profile) => profile.targets.includes(arn))
      .map((profile) => ({
        securityProfileIdentifier: { name: profile.securityProfileName, arn: profile.securityProfileArn },
        target: { arn },
      })),
  );
  const page = paginate(
    call,
    'token',
    mappings,
    (mapping) => `${mapping.securityProfileIdentifier.name} ${mapping.target.arn}`,
  );
  return { securityProfileTargetMappings: page.items, ...page.next };
}

function validateBehaviors(registry: IotRegistry, call: IotCall) {
  const { behaviors } = readBody(z.object({ behaviors: z.array(Behavior) }), call);
  try {
    registry.defender.checkBehaviors(behaviors);
    return { valid: true, validationErrors: [] };
  } catch (error) {
    if (!(error instanceof IotServiceError)) throw error;
    return { valid: false, validationErrors: [{ errorMessage: error.message }] };
  }
}

function listTargets(registry: IotRegistry, call: IotCall) {
  const { targets } = findProfile(registry.state, readProfileName(call));
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
  return [
    route('CreateSecurityProfile', 'POST', (call) => createProfile(registry, readName(call), call)),
    route('DescribeSecurityProfile', 'GET', (call) => describeProfile(findProfile(state, readName(call)))),
    route('UpdateSecurityProfile', 'PATCH', (call) => updateProfile(registry, readName(call), call)),
    route('DeleteSecurityProfile', 'DELETE', (call) =>
      defender.deleteProfile(readName(call), readVersion(call)),
    ),
    route(
      'AttachSecurityProfile',
      'PUT',
      (call) => defender.attachProfile(readName(call), readTarget(call)),
      '/targets',
    ),
    route(
      'DetachSecurityProfile',
      'DELETE',
      (call) => defender.detachProfile(readName(call), readTarget(call)),
      '/targets',
    ),
    route('ListTargetsForSecurityProfile', 'GET', (call) => listTargets(registry, call), '/targets'),
    routesAt('/security-profiles')('ListSecurityProfiles', 'GET', (call) => listProfiles(registry, call)),
    routesAt('/security-profiles-for-target', ofGroup)('ListSecurityProfilesForTarget', 'GET', (call) =>
      listProfilesForTarget(registry, call),
    ),
    routesAt('/security-profile-behaviors/validate')('ValidateSecurityProfileBehaviors', 'POST', (call) =>
      validateBehaviors(registry, call),
    ),
  ];
}
