import { createHash } from 'node:crypto';
import type { Playbook } from '../../shared/domain/configuration';
import { isSilenceDue, type Silence, shortPrincipal } from '../../shared/domain/detection/agents';
import type { Distribution } from '../../shared/domain/detection/distribution';
import { listBounds } from '../../shared/domain/detection/due';
import { judgeLifecycle } from '../../shared/domain/detection/judge-lifecycle';
import { judgeReport } from '../../shared/domain/detection/judge-report';
import { judgeTime } from '../../shared/domain/detection/judge-time';
import type { Setting } from '../../shared/domain/detection/judgement';
import {
  type Contribution,
  type Datapoint,
  type DetectedEvent,
  type DetectState,
  type Judgement,
  type Membership,
  newDetectState,
  type Profiles,
} from '../../shared/domain/detection/state';
import { writeAlert } from '../../shared/domain/findings/alert';
import { unknownPrincipal } from '../../shared/domain/findings/rule-failure';
import type { Evidence, Reporter } from '../../shared/domain/findings/violation';
import { agentClientId } from '../../shared/domain/text';
import { isNotFound } from '../../shared/errors';
import type {
  AlertTopic,
  Clock,
  Datapoints,
  DetectStore,
  Fleet,
  Log,
  Metrics,
  SilenceStore,
  Things,
} from '../../shared/ports';
import { untilUndisturbed } from '../../shared/undisturbed';
import type { ReceivedEvent, ReceivedReport } from './receive';
import type { SilenceRun } from './silences';

export interface EvaluatePorts {
  readonly states: Pick<DetectStore, 'load' | 'save'>;
  readonly datapoints: Datapoints;
  readonly fleet: Fleet;
  readonly things: Pick<Things, 'listGroups' | 'listPrincipals'>;
  readonly silences: Pick<SilenceStore, 'isHeld'>;
  readonly alerts: AlertTopic;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** What may except an alarm. */
  readonly playbooks: readonly Playbook[];
}

/** What a thing is judged by: what arrived of it, or the time. */
export type DetectionTrigger =
  | ReceivedReport
  | ReceivedEvent
  | { readonly kind: 'time'; readonly thingName: string; readonly at: number };

/** Judges the triggers of one thing in order of time, and saves what changed, in one write. */
export function evaluateThing(ports: EvaluatePorts, profiles: Profiles) {
  const owns = rememberOwners(ports);
  return async (
    thingName: string,
    triggers: readonly DetectionTrigger[],
    run?: Pick<SilenceRun, 'isAlone' | 'note'>,
  ): Promise<void> => {
    const ordered = triggers.filter(isJudged).toSorted((a, b) => a.at - b.at);
    if (ordered.length === 0) return;
    // Another invocation may judge the thing at the same time: whoever saves second looks again.
    await untilUndisturbed(5, () => judgeAll(thingName, ordered, { ...ports, owns, run }, profiles));
  };
}

/** A rejected report is answered and nothing more. */
function isJudged(trigger: DetectionTrigger): boolean {
  return trigger.kind !== 'report' || trigger.read.kind === 'report';
}

async function judgeAll(
  thingName: string,
  triggers: readonly DetectionTrigger[],
  ports: ThingPorts,
  profiles: Profiles,
): Promise<void> {
  const stored = await ports.states.load(thingName);
  let state = stored?.value ?? newDetectState(thingName);
  const before = state;
  const membership = once(() => readMembership(thingName, ports));
  const events: (readonly [DetectedEvent, DetectionTrigger])[] = [];
  const contributions: Contribution[] = [];
  const datapoints = new Map<string, Datapoint>();
  for (const trigger of triggers) {
    const judgement = await judgeOne(state, trigger, { ...ports, membership }, profiles);
    state = judgement.state;
    events.push(...judgement.events.map((event) => [event, trigger] as const));
    contributions.push(...judgement.contributions);
    // A table takes an item once in a batch: of two at the same instant the later one.
    for (const point of judgement.datapoints) datapoints.set(`${point.at} ${point.metric}`, point);
  }
  // Side by side: a thing that goes in and out of alarm must not keep the others waiting for as long.
  await Promise.all(events.map(([event, trigger]) => publishEvent(event, trigger, ports)));
  await ports.datapoints.append(thingName, [...datapoints.values()]);
  // Alerts and datapoints went out first: a crash in between repeats them under the same names, and loses none.
  if (state !== before) await ports.states.save(state, stored?.version ?? 0);
  tellChange(before, state, ports);
  // A count has no name, so it waits for the save: who has to look again must not count a device twice.
  for (const contribution of contributions) await ports.fleet.add(thingName, contribution);
}

/** What judging one thing needs beside the ports. */
interface ThingPorts extends EvaluatePorts {
  readonly owns: (thingName: string, principal: string) => Promise<boolean>;
  readonly run: Pick<SilenceRun, 'isAlone' | 'note'> | undefined;
}

function tellChange(before: DetectState, { agent, thingName }: DetectState, ports: ThingPorts): void {
  const wasSilent = before.agent?.silentAt !== undefined;
  const isSilent = agent?.silentAt !== undefined;
  if (isSilent && !wasSilent) ports.run?.note({ thingName, heardAt: agent.heardAt });
  if (wasSilent && agent && !isSilent) {
    ports.log.info('an agent that was silent reports again', { thingName });
    ports.metrics.count('AgentBack');
  }
}

async function judgeOne(
  state: DetectState,
  trigger: DetectionTrigger,
  ports: ThingPorts & { readonly membership: () => Promise<Membership> },
  profiles: Profiles,
): Promise<Judgement> {
  const { thingName, at } = trigger;
  const judge = await prepare(trigger, state, ports, profiles);
  const setting = { state, at, profiles, nameViolation: nameFor(thingName) };
  const first = judge(setting);
  // Looked up only when an alarm depends on it, so that an ordinary report costs no IoT call.
  return first.needsMembership ? judge({ ...setting, membership: await ports.membership() }) : first;
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= read();
    return known;
  };
}

async function prepare(
  trigger: DetectionTrigger,
  state: DetectState,
  ports: ThingPorts,
  profiles: Profiles,
): Promise<(setting: Setting) => Judgement> {
  if (trigger.kind === 'time') {
    const silence = await lookAtSilence(state, trigger.at, ports, profiles);
    return (setting) => judgeTime({ ...setting, ...(silence && { silence }) });
  }
  if (trigger.kind === 'lifecycle') {
    const { event } = trigger;
    return (setting) => judgeLifecycle({ ...setting, event });
  }
  const { read, envelope, at } = trigger;
  if (read.kind !== 'report') throw new Error('a rejected report is not judged');
  const { report } = read;
  const known = await readFleet(report.metrics, at, ports, profiles);
  const fleet = (metric: string, durationSeconds: number) => known.get(`${metric}#${durationSeconds}`);
  const { clientId, thingName, principal } = envelope;
  // Whoever can't be named may be anybody, whatever id it connected under.
  const isKnown = principal !== unknownPrincipal;
  const reportedByItself = isKnown && (clientId === thingName || clientId === agentClientId(thingName));
  const { playbooks } = ports;
  const isOwnAgent = reportedByItself && (await isOfOwnAgent(state, principal, ports));
  return (setting) =>
    judgeReport({ ...setting, report, principal, reportedByItself, isOwnAgent, playbooks, fleet });
}

/** What the fleet's values were in the window before this one, of each metric with a statistical threshold. */
async function readFleet(
  reported: Readonly<Record<string, unknown>>,
  at: number,
  { fleet }: EvaluatePorts,
  profiles: Profiles,
): Promise<ReadonlyMap<string, Distribution>> {
  const known = new Map<string, Distribution>();
  for (const [, { behaviors }] of profiles)
    for (const { metric, criteria } of behaviors) {
      const { statisticalThreshold, durationSeconds } = criteria;
      const name = `${metric}#${durationSeconds}`;
      if (!statisticalThreshold || !durationSeconds || !reported[metric] || known.has(name)) continue;
      const window = Math.floor(at / 1_000 / durationSeconds);
      known.set(name, await fleet.read(metric, durationSeconds, window - 1));
    }
  return known;
}

/**
 * What another certificate says under the thing's client id must not make its agent look well: one that was not heard
 * before is asked for.
 */
async function isOfOwnAgent(
  { agent, thingName }: DetectState,
  principal: string,
  { owns }: ThingPorts,
): Promise<boolean> {
  return !agent || agent.principal === shortPrincipal(principal) || (await owns(thingName, principal));
}

const askAgainMs = 300_000;
const maxAnswers = 5_000;

/** Whether a certificate is attached to a thing; asked once in a while, however much it reports. */
function rememberOwners({ things, log, clock }: EvaluatePorts): ThingPorts['owns'] {
  const answers = new Map<string, { readonly isOwner: boolean; readonly at: number }>();
  return async (thingName, principal) => {
    const key = `${thingName} ${principal}`;
    const known = answers.get(key);
    if (known && clock() - known.at < askAgainMs) return known.isOwner;
    try {
      const principals = await things.listPrincipals(thingName);
      const isOwner = principals.some((arn) => arn.endsWith(`:cert/${principal}`));
      if (answers.size >= maxAnswers) answers.clear();
      answers.set(key, { isOwner, at: clock() });
      return isOwner;
    } catch (error) {
      if (!isNotFound(error)) log.warn('not known whose certificate reports', { thingName, error });
      return false;
    }
  };
}

/** What is to be known of a thing that misses reports, before that is told. */
async function lookAtSilence(
  state: DetectState,
  at: number,
  ports: ThingPorts,
  profiles: Profiles,
): Promise<Silence | undefined> {
  if (!isSilenceDue(state, listBounds(profiles), at)) return undefined;
  const { thingName, agent } = state;
  if (await ports.silences.isHeld(thingName)) return { registered: true, held: true, withMany: false };
  const withMany = agent?.silentAt === undefined ? ports.run?.isAlone() === false : agent.withMany === true;
  // Of many at once the registry would be asked too often: who is retired is found at the next look.
  const isAsked = !withMany || agent?.silentAt !== undefined;
  const registered = isAsked ? (await readMembership(thingName, ports)).registered : true;
  return { registered, held: false, withMany };
}

function nameFor(thingName: string): Setting['nameViolation'] {
  return (key, seed) =>
    createHash('sha256')
      // Not of the time of receipt: a report that came twice names the same violation twice.
      .update(JSON.stringify([thingName, key, seed]))
      .digest('hex')
      .slice(0, 32);
}

async function readMembership(thingName: string, { things }: EvaluatePorts): Promise<Membership> {
  try {
    return { registered: true, groups: await things.listGroups(thingName) };
  } catch (error) {
    // A report may name a thing that doesn't exist, which is no fault to try again for.
    if (isNotFound(error)) return { registered: false, groups: [] };
    throw error;
  }
}

const counters = {
  'in-alarm': 'ViolationRaised',
  'alarm-cleared': 'ViolationCleared',
  'alarm-invalidated': 'ViolationInvalidated',
} as const;

async function publishEvent(
  event: DetectedEvent,
  trigger: DetectionTrigger,
  ports: EvaluatePorts,
): Promise<void> {
  const { behavior, eventType, at: occurredAt, ...told } = event;
  const { thingName, at } = trigger;
  const suppressed = behavior.suppressAlerts === true;
  if (!suppressed)
    await ports.alerts.publish(
      writeAlert({ ...told, behavior, eventType, thingName, occurredAt, ...sourceOf(event, trigger) }),
    );
  ports.log.info(suppressed ? 'violation, its alert suppressed' : 'violation', {
    thingName,
    event: eventType,
    behavior: behavior.name,
  });
  ports.metrics.count(counters[eventType]);
  if (!suppressed && trigger.kind === 'report')
    ports.metrics.time('ReportToAlertMs', Math.max(0, ports.clock() - at));
}

function sourceOf(
  { principal, behavior }: DetectedEvent,
  trigger: DetectionTrigger,
): { reporter?: Reporter; evidence?: readonly Evidence[]; uncounted?: readonly string[] } {
  switch (trigger.kind) {
    case 'report': {
      const { envelope, read } = trigger;
      const { clientId, principal: reporter } = envelope;
      if (read.kind !== 'report') return {};
      const { evidence, uncounted = {} } = read.report;
      const { [behavior.metric]: own = [] } = uncounted;
      return { reporter: { clientId, principal: reporter }, evidence, uncounted: own };
    }
    case 'lifecycle':
      return principal ? { reporter: { clientId: trigger.event.clientId, principal } } : {};
    case 'time':
      return principal ? { reporter: { clientId: trigger.thingName, principal } } : {};
  }
}
