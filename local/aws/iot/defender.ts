import { type BehaviorInput, CUSTOM_METRIC_TYPES, checkBehaviors, checkMetricExists } from './behaviors';
import type { CustomMetric, SecurityProfile } from './defender-state';
import { alreadyExists, IotServiceError, invalid, notFound } from './errors';
import { findGroup } from './groups';
import { requireName } from './names';
import type { IotState } from './state';
import { createViolationStore, type ViolationStore } from './violations';

/** Quotas of the General Reference (Device Defender). */
const MAX_CUSTOM_METRICS = 100;
const MAX_PROFILES_PER_TARGET = 5;
const MAX_DISPLAY_NAME = 128;
const ACCOUNT_TARGETS: readonly string[] = ['all/things', 'all/registered-things', 'all/unregistered-things'];

/** The parts of a profile that are checked; the others are kept as they came. */
interface ProfileFields extends Readonly<Record<string, unknown>> {
  readonly behaviors?: readonly BehaviorInput[];
  readonly additionalMetricsToRetain?: readonly string[];
  readonly additionalMetricsToRetainV2?: readonly { readonly metric: string }[];
}

/** Custom metrics and security profiles: stored and listed, not evaluated. Tests create the violations. */
export interface DefenderStore extends ViolationStore {
  createMetric(metricName: string, metricType: string, displayName?: string): CustomMetric;
  createProfile(profileName: string, fields: ProfileFields): SecurityProfile;
  updateProfile(profileName: string, fields: ProfileFields): SecurityProfile;
  attachProfile(profileName: string, target: string): void;
  detachProfile(profileName: string, target: string): void;
  listOfTarget(target: string, isRecursive: boolean): readonly SecurityProfile[];
}

export function findProfile(state: IotState, profileName: string): SecurityProfile {
  const profile = state.securityProfiles.get(profileName);
  if (!profile) throw notFound(`Security profile ${profileName} cannot be found.`);
  return profile;
}

export function findMetric(state: IotState, metricName: string): CustomMetric {
  const metric = state.customMetrics.get(requireName('metricName', metricName));
  if (!metric) throw notFound(`Custom metric ${metricName} cannot be found.`);
  return metric;
}

function checkDisplayName(displayName: string | undefined): void {
  if ((displayName?.length ?? 0) > MAX_DISPLAY_NAME) throw invalid('displayName is too long.');
}

function createMetric(state: IotState, metricName: string, metricType: string, displayName?: string) {
  requireName('metricName', metricName);
  if (metricName.startsWith('aws:')) throw invalid('The name of a custom metric cannot begin with aws:.');
  if (!CUSTOM_METRIC_TYPES.includes(metricType)) throw invalid(`Unknown metricType ${metricType}.`);
  checkDisplayName(displayName);
  const existing = state.customMetrics.get(metricName);
  if (existing) {
    if (existing.metricType === metricType && existing.displayName === displayName) return existing;
    throw alreadyExists(`Custom metric ${metricName} already exists.`, metricName, existing.metricArn);
  }
  if (state.customMetrics.size >= MAX_CUSTOM_METRICS) {
    throw new IotServiceError('LimitExceededException', `At most ${MAX_CUSTOM_METRICS} custom metrics.`);
  }
  const now = state.now();
  const metric: CustomMetric = {
    metricName,
    metricArn: state.arns.build('custommetric', metricName),
    metricType,
    ...(displayName === undefined ? {} : { displayName }),
    createdAt: now,
    modifiedAt: now,
  };
  state.customMetrics.set(metricName, metric);
  state.changed();
  return metric;
}

/** The metrics a profile names, in its behaviors or to be retained. */
export function listProfileMetrics(fields: ProfileFields): readonly string[] {
  return [
    ...(fields.behaviors ?? []).flatMap(({ metric }) => (metric === undefined ? [] : [metric])),
    ...(fields.additionalMetricsToRetain ?? []),
    ...(fields.additionalMetricsToRetainV2 ?? []).map(({ metric }) => metric),
  ];
}

function checkFields(state: IotState, fields: ProfileFields): void {
  const findType = (metricName: string) => state.customMetrics.get(metricName)?.metricType;
  checkBehaviors(fields.behaviors ?? [], findType);
  for (const metric of listProfileMetrics(fields)) checkMetricExists(metric, findType);
}

function createProfile(state: IotState, profileName: string, fields: ProfileFields): SecurityProfile {
  requireName('securityProfileName', profileName);
  checkFields(state, fields);
  const arn = state.arns.build('securityprofile', profileName);
  if (state.securityProfiles.has(profileName)) {
    throw alreadyExists(`Security profile ${profileName} already exists.`, profileName, arn);
  }
  const now = state.now();
  const profile: SecurityProfile = {
    securityProfileName: profileName,
    securityProfileArn: arn,
    fields,
    targets: [],
    version: 1,
    createdAt: now,
    modifiedAt: now,
  };
  state.securityProfiles.set(profileName, profile);
  state.changed();
  return profile;
}

function saveProfile(state: IotState, profile: SecurityProfile): SecurityProfile {
  state.securityProfiles.set(profile.securityProfileName, profile);
  state.changed();
  return profile;
}

/** The target as an ARN that exists: a static group, or one of the account's `all/` targets. */
function requireProfileTarget(state: IotState, target: string): string {
  const groupName = state.arns.idOf('thinggroup', target);
  if (groupName !== undefined) return findGroup(state, groupName).groupArn;
  const isAccountTarget = ACCOUNT_TARGETS.some((name) => `${state.arns.prefix}${name}` === target);
  if (!isAccountTarget) throw invalid(`Invalid security profile target: ${target}`);
  return target;
}

function attachProfile(state: IotState, profileName: string, target: string): void {
  const profile = findProfile(state, profileName);
  const arn = requireProfileTarget(state, target);
  if (profile.targets.includes(arn)) return;
  const others = [...state.securityProfiles.values()].filter(({ targets }) => targets.includes(arn));
  if (others.length >= MAX_PROFILES_PER_TARGET) {
    throw new IotServiceError(
      'LimitExceededException',
      `At most ${MAX_PROFILES_PER_TARGET} profiles per target.`,
    );
  }
  saveProfile(state, { ...profile, targets: [...profile.targets, arn] });
}

function updateProfile(state: IotState, profileName: string, fields: ProfileFields): SecurityProfile {
  const profile = findProfile(state, profileName);
  checkFields(state, fields);
  return saveProfile(state, { ...profile, fields, version: profile.version + 1, modifiedAt: state.now() });
}

function detachProfile(state: IotState, profileName: string, target: string): void {
  const profile = findProfile(state, profileName);
  const arn = requireProfileTarget(state, target);
  saveProfile(state, { ...profile, targets: profile.targets.filter((one) => one !== arn) });
}

/** `isRecursive`: those of the group's parents as well. */
function listOfTarget(state: IotState, target: string, isRecursive: boolean): readonly SecurityProfile[] {
  const targets = [requireProfileTarget(state, target)];
  for (let name = state.arns.idOf('thinggroup', target); isRecursive && name !== undefined; ) {
    const { groupArn, parentGroupName } = findGroup(state, name);
    targets.push(groupArn);
    name = parentGroupName;
  }
  return [...state.securityProfiles.values()].filter((profile) =>
    profile.targets.some((arn) => targets.includes(arn)),
  );
}

export function createDefenderStore(state: IotState): DefenderStore {
  return {
    ...createViolationStore(state),
    createMetric: (metricName, metricType, displayName) =>
      createMetric(state, metricName, metricType, displayName),
    createProfile: (profileName, fields) => createProfile(state, profileName, fields),
    updateProfile: (profileName, fields) => updateProfile(state, profileName, fields),
    detachProfile: (profileName, target) => detachProfile(state, profileName, target),
    listOfTarget: (target, isRecursive) => listOfTarget(state, target, isRecursive),
    attachProfile: (profileName, target) => attachProfile(state, profileName, target),
  };
}
