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
  Tags,
  toSeconds,
} from './route';

const Dimension = z.object({
  dimensionName: z.string(),
  operator: z.exactOptional(z.enum(['IN', 'NOT_IN'])),
});

const Value = z.object({
  count: z.exactOptional(z.int().check(z.minimum(0))),
  cidrs: z.exactOptional(z.array(z.string().check(z.minLength(2), z.maxLength(43)))),
  ports: z.exactOptional(z.array(z.int().check(z.minimum(0), z.maximum(65_535)))),
  number: z.exactOptional(z.number()),
  numbers: z.exactOptional(z.array(z.number())),
  strings: z.exactOptional(z.array(z.string())),
});

const Criteria = z.object({
  comparisonOperator: z.exactOptional(z.string()),
  value: z.exactOptional(Value),
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

type Run = (profileName: string, call: IotCall) => unknown;

function listRoutes(registry: IotRegistry): readonly IotRoute[] {
  return [
    {
      operation: 'ListSecurityProfiles',
      method: 'GET',
      path: '/security-profiles',
      run: (call) => listProfiles(registry, call),
    },
    {
      operation: 'ListSecurityProfilesForTarget',
      method: 'GET',
      path: '/security-profiles-for-target',
      resources: (call) => [readTarget(call)].filter((arn) => registry.state.arns.idOf('thinggroup', arn)),
      run: (call) => listProfilesForTarget(registry, call),
    },
    {
      operation: 'ValidateSecurityProfileBehaviors',
      method: 'POST',
      path: '/security-profile-behaviors/validate',
      run: (call) => validateBehaviors(registry, call),
    },
  ];
}

export function securityProfileRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, defender } = registry;
  const route = (operation: string, method: IotRoute['method'], run: Run, suffix = ''): IotRoute => ({
    operation,
    method,
    path: `/security-profiles/{securityProfileName}${suffix}`,
    resources(call) {
      const target = call.query.get('securityProfileTargetArn');
      const group = target !== null && state.arns.idOf('thinggroup', target) ? [target] : [];
      return [state.arns.build('securityprofile', readParam(call, 'securityProfileName')), ...group];
    },
    run: (call) => run(readParam(call, 'securityProfileName'), call) ?? {},
  });
  return [
    route('CreateSecurityProfile', 'POST', (name, call) => createProfile(registry, name, call)),
    route('DescribeSecurityProfile', 'GET', (name) => describeProfile(findProfile(state, name))),
    route('UpdateSecurityProfile', 'PATCH', (name, call) => updateProfile(registry, name, call)),
    route('DeleteSecurityProfile', 'DELETE', (name, call) => defender.deleteProfile(name, readVersion(call))),
    route(
      'AttachSecurityProfile',
      'PUT',
      (name, call) => defender.attachProfile(name, readTarget(call)),
      '/targets',
    ),
    route(
      'DetachSecurityProfile',
      'DELETE',
      (name, call) => defender.detachProfile(name, readTarget(call)),
      '/targets',
    ),
    route(
      'ListTargetsForSecurityProfile',
      'GET',
      (name, call) => {
        const page = paginate(call, 'token', findProfile(state, name).targets, (arn) => arn);
        return { securityProfileTargets: page.items.map((arn) => ({ arn })), ...page.next };
      },
      '/targets',
    ),
    ...listRoutes(registry),
  ];
}
