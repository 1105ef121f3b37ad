import { nameFunction } from '../../functions/notify/channels/names';
import { listNamed, listServed } from '../../functions/notify/channels/registry';
import type { TestRequest } from '../../functions/notify/delivery/test-message';
import type { QuarantinePart } from '../../shared/aws/quarantine-watch';
import { takesAudits } from '../../shared/config/audits';
import { nameQuarantinePolicy } from '../../shared/config/quarantine-policy';
import type { FileConfiguration } from '../../shared/config/schema';
import { type Case, isOpen } from '../../shared/domain/case/case';
import { needsLifecycle } from '../../shared/domain/detection/judge-lifecycle';
import { findFleetLimit } from '../../shared/domain/guards/fleet-limit';
import type { KillSwitch } from '../../shared/domain/guards/kill-switch';
import { heartbeatName } from '../../shared/domain/heartbeat';
import { isThingName, thingKey } from '../../shared/domain/thing-ref';
import type { CaseStore, FleetLimit, Heartbeats } from '../../shared/ports/storage';
import type { AgentReader } from '../agents';
import { requireThing } from '../require-thing';
import type { DoctorAccount } from './account';
import { checkAlarms, checkErrors } from './checks/alarms';
import { checkAsDeployed } from './checks/as-deployed';
import { checkAudits } from './checks/audits';
import { type ChannelPort, checkChannel } from './checks/channel';
import { checkDetectQuotas } from './checks/detect-quotas';
import { checkEndpoint } from './checks/endpoint';
import { checkFunctions } from './checks/functions';
import { checkHeartbeat } from './checks/heartbeat';
import { checkKillSwitch } from './checks/kill-switch';
import { checkConcurrency } from './checks/limits';
import { checkQuarantine } from './checks/quarantine';
import { checkQueues } from './checks/queues';
import { checkQuotas } from './checks/quotas';
import { checkRules, type RuleOfStage } from './checks/rules';
import { checkStack, type StackState } from './checks/stack';
import { checkSubscriptions } from './checks/subscriptions';
import { checkThing, type ThingState } from './checks/thing';
import { type Check, runChecks } from './finding';
import { openStack } from './open-stack';
import { reachEndpoint } from './reads/devices';

export interface DoctorOptions {
  readonly configuration: FileConfiguration;
  /** Things to look at; none: a sample of the fleet. */
  readonly things: readonly string[];
  readonly sendTest: boolean;
  /** The version of this command. */
  readonly version: string;
  readonly now: number;
}

export interface DoctorTarget {
  readonly stage: string;
  readonly isLocal: boolean;
  readonly killSwitch: { read(): Promise<KillSwitch> };
  readonly cases: Pick<CaseStore, 'load'>;
  readonly agents: Pick<AgentReader, 'load'>;
  readonly heartbeats: Pick<Heartbeats, 'read'>;
  readonly fleetLimit: Pick<FleetLimit, 'readSize'>;
  readonly account: DoctorAccount;
  readonly channels: Omit<ChannelPort, 'sendTest'>;
  /** Resolves to what is missing of the quarantine of this account, `arn:aws:iot:REGION:ACCOUNT`. */
  readonly findMissing: (arnPrefix: string) => Promise<readonly QuarantinePart[]>;
}

/** Looked at if no thing is named. */
const sampleSize = 20;

/** The event on which the function of a channel sends a test message. */
const testRequest: TestRequest = { sendTest: true };

const functionNames = ['detect', 'intake', 'respond', 'sweep', 'operate'];

/** All that is looked at. */
export async function listChecks(options: DoctorOptions, target: DoctorTarget): Promise<readonly Check[]> {
  const { configuration, version, now } = options;
  const { account, stage } = target;
  const { quarantine, detector, guards } = configuration;
  const prefix = `cordon-${stage}`;
  const denyPolicy = nameQuarantinePolicy(prefix, quarantine);
  const { stack, readDeployed, arnPrefixOf } = await openStack(prefix, target);
  const { channels, email } = listReceivers(configuration);
  const countThings = async () => (await target.fleetLimit.readSize())?.things;
  const agentVersion = detector === 'device-defender' ? undefined : version;
  const examineThing = (thingName: string) =>
    checkThing(thingName, quarantine.thingGroup, agentVersion, () =>
      readThing(thingName, denyPolicy, target),
    );
  return [
    checkStack(stage, version, () => stack),
    checkAsDeployed(readDeployed, account.present(prefix), target.isLocal),
    checkKillSwitch(target.killSwitch.read),
    checkHeartbeat(
      {
        heartbeat: target.heartbeats.read,
        deployedAt: async () => (await stack).deployedAt,
        hasNamesake: () => account.hasThing(heartbeatName),
      },
      now,
    ),
    checkQuarantine(
      quarantine,
      async () => target.findMissing(await arnPrefixOf('iot')),
      async () => {
        const arn = `${await arnPrefixOf('iot')}:thinggroup/${quarantine.thingGroup}`;
        return (await account.listPolicies(arn)).filter((name) => name !== denyPolicy);
      },
    ),
    ...checkRules(
      listRules(configuration),
      async (logicalId) => (await readDeployed())?.physicalIds.get(logicalId),
      account.readRule,
    ),
    ...(takesAudits(configuration)
      ? [
          checkAudits(configuration, account.readAudits, async () => {
            const role = (await stack).outputs.AuditRoleArn;
            return { topic: `${await arnPrefixOf('sns')}:${prefix}-alerts`, ...(role && { role }) };
          }),
        ]
      : []),
    checkQueues(prefix, () => account.listQueues(prefix)),
    ...checkSubscriptions(
      prefix,
      [
        { topic: 'alerts', queues: [`${prefix}-alerts`], email: [] },
        { topic: 'announcements', queues: channels.map(({ queue }) => `${prefix}-${queue}`), email },
        { topic: 'alarms', queues: [], email },
      ],
      async (topic) => account.listSubscriptions(`${await arnPrefixOf('sns')}:${topic}`),
    ),
    ...checkFunctions(
      prefix,
      Object.fromEntries(channels.map(({ queue }) => [queue, [queue]])),
      account.readFunction,
      async (queue) => account.listConsumers(`${await arnPrefixOf('sqs')}:${queue}`),
    ),
    checkAlarms(() => account.listAlarms(prefix)),
    checkErrors(() =>
      account.countErrors(
        [...functionNames, ...channels.map(({ queue }) => queue)].map((name) => `${prefix}-${name}`),
        now,
      ),
    ),
    checkConcurrency(account.readConcurrency, countThings),
    checkQuotas(account.readQuotas, async () => {
      const things = await countThings();
      const isDetector = detector !== 'device-defender';
      return { things: things ?? 0, mostContained: findFleetLimit(guards, things), isDetector };
    }),
    ...(detector === 'cordon'
      ? []
      : [checkDetectQuotas(configuration, async () => account.readDetectUse(await arnPrefixOf('iot')))]),
    checkEndpoint(account.readEndpoint, reachEndpoint),
    ...checkChannels(channels, async () => (await stack).parameters, options, target),
    ...(options.things.length > 0
      ? options.things.map(examineThing)
      : [checkSample(() => account.sampleThings(sampleSize), examineThing)]),
  ];
}

/** The channels that have a queue, and the addresses that are subscribed. */
function listReceivers({ notify }: FileConfiguration) {
  const inUse = listNamed(notify);
  return {
    channels: listServed(inUse).map((channel) => ({ ...channel, queue: nameFunction(channel.name) })),
    email: inUse.flatMap(({ descriptor, section }) =>
      descriptor.delivery === 'subscription' ? descriptor.listEndpoints(section) : [],
    ),
  };
}

function checkChannels(
  channels: ReturnType<typeof listReceivers>['channels'],
  readParameters: () => Promise<StackState['parameters']>,
  { sendTest }: DoctorOptions,
  { stage, account, channels: ports }: DoctorTarget,
): Check[] {
  return channels.map(({ name, queue, descriptor, section }) =>
    checkChannel(
      { name, functionName: `cordon-${stage}-${queue}` },
      descriptor,
      section,
      readParameters,
      { ...ports, sendTest: (functionName) => account.invokeFunction(functionName, testRequest) },
      sendTest,
    ),
  );
}

/** Some things of the registry, if no thing is named. */
function checkSample(list: () => Promise<readonly string[]>, examine: (thingName: string) => Check): Check {
  return {
    about: 'things',
    run: async () => runChecks((await list()).filter(isThingName).map(examine)),
  };
}

/** The rule of lifecycle events is deployed only if something depends on them. */
function listRules({ detector, securityProfiles }: FileConfiguration): RuleOfStage[] {
  if (detector === 'device-defender') return ['presence'];
  const isLifecycleDeployed = needsLifecycle(Object.entries(securityProfiles));
  return ['reports', 'presence', ...(isLifecycleDeployed ? (['lifecycle'] as const) : [])];
}

async function readThing(
  thingName: string,
  denyPolicy: string,
  { account, cases, agents }: DoctorTarget,
): Promise<ThingState | undefined> {
  const [thing, stored, state] = await Promise.all([
    account.readThing(thingName, denyPolicy),
    cases.load(requireThing(thingName)),
    agents.load(requireThing(thingName)),
  ]);
  if (!thing) return undefined;
  const isHeld = holds(stored?.value);
  const principals = await Promise.all(
    thing.principals.map(async (principal) => {
      const { isDenied, status, sharedWith } = principal;
      if (isHeld || (!isDenied && status === 'ACTIVE')) return principal;
      const others = await Promise.all(
        sharedWith.filter(isThingName).map((name) => cases.load(thingKey(name))),
      );
      return { ...principal, isHeldForOther: others.some((other) => holds(other?.value)) };
    }),
  );
  return { ...thing, principals, isHeld, ...(state?.agent && { agent: state.agent }) };
}

/** Whether a case may have changed something of its thing, or of a certificate that other things have too. */
function holds(stored: Case | undefined): boolean {
  return isOpen(stored) && stored.ledger.length > 0;
}
