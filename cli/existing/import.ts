import { stringify } from 'yaml';
import { ConfigurationError, parseConfiguration } from '../../shared/config/parse';
import { ownTopic } from '../../shared/config/sources';
import type { Behavior, Configuration } from '../../shared/domain/configuration';
import { findMetric } from '../../shared/domain/detection/metrics';
import { readBehavior } from './behavior';
import type { ExistingMetric, ExistingProfile } from './read';

export type Detector = Configuration['detector'];

interface Imported {
  /** A valid cordon.yml. */
  readonly text: string;
  /** The imported parts of the account, in words. */
  readonly summary: string;
  /** The parts that could not be carried over, each with the reason. */
  readonly left: readonly string[];
}

type CarriedProfile = Pick<Configuration['securityProfiles'][string], 'targets'> & {
  readonly description?: string;
  readonly behaviors: readonly object[];
  readonly additionalMetricsToRetain?: readonly string[];
};

interface Carried {
  readonly customMetrics: Readonly<Record<string, { readonly type: string; readonly displayName?: string }>>;
  readonly securityProfiles: Readonly<Record<string, CarriedProfile>>;
  readonly topics: readonly string[];
  readonly left: readonly string[];
}

/** Topics in one file (shared/domain/configuration.ts). */
const maxTopics = 5;

/** Guesses who made the profiles: if their alerts go to a topic of Cordon, a deploy of Cordon did. */
export function guessDetector(profiles: readonly ExistingProfile[]): Detector {
  const topics = profiles.flatMap((profile) => profile.topics);
  return topics.length > 0 && topics.every((arn) => ownTopic.test(arn)) ? 'device-defender' : 'cordon';
}

/** Writes a cordon.yml that has what Device Defender of the account has. Its playbooks only observe. */
export function writeImport(
  profiles: readonly ExistingProfile[],
  metrics: readonly ExistingMetric[],
  detector: Detector,
): Imported {
  const carried = carry(profiles, metrics, detector);
  const { securityProfiles, customMetrics, left } = carried;
  const text = writeFile(carried, profiles, detector);
  // A file that would be refused is a fault of this program, and its errors say where.
  parseConfiguration(text, 'the imported file');
  const behaviors = Object.values(securityProfiles).flatMap((profile) => profile.behaviors);
  const summary = `security profiles: ${Object.keys(securityProfiles).length} (behaviors: ${behaviors.length}), custom metrics: ${Object.keys(customMetrics).length}`;
  return { text, summary, left };
}

function carry(
  profiles: readonly ExistingProfile[],
  metrics: readonly ExistingMetric[],
  detector: Detector,
): Carried {
  const left: string[] = [];
  const customMetrics: Record<string, Carried['customMetrics'][string]> = {};
  for (const { name, type, displayName } of metrics) {
    const metric = { type, ...(displayName && { displayName }) };
    const fault = findFault({ customMetrics: { [name]: metric }, ...anyProfile }, ['customMetrics', name]);
    if (fault) left.push(`custom metric ${name}: ${fault}`);
    else customMetrics[name] = metric;
  }
  const securityProfiles: Record<string, CarriedProfile> = {};
  for (const profile of profiles) {
    const result = carryProfile(profile, { detector, customMetrics });
    left.push(...result.left.map((reason) => `security profile ${profile.name}: ${reason}`));
    if (result.carried) securityProfiles[profile.name] = result.carried;
  }
  const { topics, left: leftTopics } = carryTopics(profiles);
  return { customMetrics, securityProfiles, topics, left: [...left, ...leftTopics] };
}

type Context = Pick<Carried, 'customMetrics'> & { readonly detector: Detector };

function carryProfile(
  profile: ExistingProfile,
  context: Context,
): { readonly carried?: CarriedProfile; readonly left: readonly string[] } {
  const { name, description, targets, retained, exportTopic } = profile;
  const left: string[] = [];
  const behaviors = profile.behaviors.flatMap((existing) => {
    const behavior = tidy(readBehavior(existing));
    const alone = { targets: ['all/things'], behaviors: [behavior] };
    const path = ['securityProfiles', name, 'behaviors', '0'];
    const fault =
      existing.metric === undefined
        ? 'it has no metric'
        : findFault({ ...context, securityProfiles: { [name]: alone }, ...anyPlaybook }, path);
    if (fault) left.push(`behavior ${behavior.name}: ${fault}`);
    if (existing.exportMetric) left.push(`behavior ${behavior.name}: the export of its metric${untouched}`);
    return fault ? [] : [behavior];
  });
  if (exportTopic) left.push(`the export of metrics to ${exportTopic}${untouched}`);
  if (targets.length === 0) return { left: [...left, 'it has no target, so it evaluates nothing'] };
  if (behaviors.length === 0)
    return { left: [...left, 'it has no behavior that could be carried over, so it is left out'] };
  const known = retained.filter(({ metric = '', metricDimension }) => {
    const isKnown = findMetric(metric, context.customMetrics as Configuration['customMetrics']) !== undefined;
    if (!isKnown) left.push(`retained metric ${metric}: there is no metric of that name`);
    if (metricDimension)
      left.push(`retained metric ${metric}: cordon.yml retains metrics without a dimension`);
    return isKnown;
  });
  const names = [...new Set(known.flatMap(({ metric }) => metric ?? []))];
  const carried = {
    ...(description && { description }),
    targets: [...targets],
    behaviors,
    ...(names.length > 0 && { additionalMetricsToRetain: names }),
  };
  return { carried, left };
}

const untouched = ' is nothing that cordon.yml has; it stays as it is in the account';

/** Leaves out the defaults of cordon.yml, as a person would. */
function tidy({ suppressAlerts, criteria, ...behavior }: Behavior) {
  const { consecutiveDatapointsToAlarm: toAlarm, consecutiveDatapointsToClear: toClear, ...rest } = criteria;
  return {
    ...behavior,
    criteria: {
      ...rest,
      ...(toAlarm !== 1 && { consecutiveDatapointsToAlarm: toAlarm }),
      ...(toClear !== 1 && { consecutiveDatapointsToClear: toClear }),
    },
    ...(suppressAlerts && { suppressAlerts }),
  };
}

function carryTopics(profiles: readonly ExistingProfile[]): Pick<Carried, 'topics' | 'left'> {
  const others = [...new Set(profiles.flatMap(({ topics }) => topics))].filter((arn) => !ownTopic.test(arn));
  const faults = others.map((arn) =>
    findFault({ sources: { deviceDefender: { profiles: 'existing', topics: [arn] } }, ...anyPlaybook }, [
      'sources.deviceDefender.topics.0',
    ]),
  );
  const possible = others.filter((_, index) => faults[index] === undefined);
  const topics = possible.slice(0, maxTopics);
  return {
    topics,
    left: [
      ...others.flatMap((arn, index) => (faults[index] ? [`alert topic ${arn}: ${faults[index]}`] : [])),
      ...possible.slice(maxTopics).map((arn) => `alert topic ${arn}: a file has at most ${maxTopics} topics`),
    ],
  };
}

const anyPlaybook = { playbooks: [{ name: 'any', mode: 'observe' }] };
const anyProfile = { sources: { deviceDefender: { profiles: 'existing' } }, ...anyPlaybook };

/** Why cordon.yml would refuse a part of a file; undefined if it accepts the part. */
function findFault(file: object, path: readonly string[]): string | undefined {
  try {
    parseConfiguration(stringify(file), '');
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const [first = ''] = error.faults;
    // `FILE:LINE: PATH: message`, of which a part of the path says which field it is.
    const [, field = '', message = first] = /^:\d+: (\S+): (.*)$/s.exec(first) ?? [];
    const inner = field.slice(path.join('.').length + 1);
    return inner === '' || inner.startsWith('metric') ? message : `${inner}: ${message}`;
  }
}

const header = `# Imported from AWS IoT Device Defender of the account by cordon import.
# Every playbook only records at first. Set mode: approve or enforce, with actions, where Cordon may act:
# docs/playbooks.md has examples, and "cordon check --account" says which playbook each behavior meets.
`;

const beside = `# Cordon evaluates these behaviors itself. Device Defender continues with its own profiles, which no deploy changes.
`;

const creating = `# The stack creates the security profiles and custom metrics below, and a deploy stops if the account has others of these names.
# With "both", Cordon evaluates them too, in seconds.
`;

const sourcesComment = `
# Alerts of the profiles that the account has, also of those behaviors that this file does not define.
`;

const playbooksComment = `
# The first that matches decides.
`;

function writeFile(
  { customMetrics, securityProfiles, topics }: Carried,
  profiles: readonly ExistingProfile[],
  detector: Detector,
): string {
  const isComplete =
    profiles.every(({ name }) => Object.hasOwn(securityProfiles, name)) && detector !== 'cordon';
  const takes = !isComplete || topics.length > 0;
  const deviceDefender = {
    ...(!isComplete && { profiles: 'existing' }),
    ...(topics.length > 0 && { topics }),
  };
  return [
    header,
    detector === 'cordon' ? beside : creating,
    write({ detector }),
    ...(takes ? [sourcesComment, write({ sources: { deviceDefender } })] : []),
    ...(Object.keys(customMetrics).length > 0 ? ['\n', write({ customMetrics })] : []),
    ...(Object.keys(securityProfiles).length > 0 ? ['\n', write({ securityProfiles })] : []),
    playbooksComment,
    write({ playbooks: writePlaybooks(profiles, Object.keys(securityProfiles), isComplete) }),
  ].join('');
}

function write(part: object): string {
  return stringify(part, { lineWidth: 0, collectionStyle: 'any', aliasDuplicateObjects: false });
}

/** One for each profile, so that each can be made stricter by itself, and one for all others. */
function writePlaybooks(
  profiles: readonly ExistingProfile[],
  carried: readonly string[],
  isComplete: boolean,
): readonly object[] {
  const named = profiles.filter(
    ({ name, behaviors }) => behaviors.length > 0 && (carried.includes(name) || !isComplete),
  );
  const names = named.map(({ name }) => name);
  const rest = ['anything-else', 'anything-at-all', 'everything-else'].find((name) => !names.includes(name));
  return [
    ...names.map((name) => ({ name, when: { securityProfile: name }, mode: 'observe' })),
    { name: rest ?? 'rest', mode: 'observe' },
  ];
}
