import { createHash } from 'node:crypto';
import { type Answers, resolve } from '../../shared/domain/asking';
import type { Playbook } from '../../shared/domain/configuration';
import {
  type Caused,
  noteEvents,
  recallEvents,
  settleRecalled,
} from '../../shared/domain/detection/disturbed';
import { judgeLifecycle } from '../../shared/domain/detection/judge-lifecycle';
import { judgeReport } from '../../shared/domain/detection/judge-report';
import { judgeTime } from '../../shared/domain/detection/judge-time';
import type { Setting } from '../../shared/domain/detection/judgement';
import type { DetectionQuestions } from '../../shared/domain/detection/questions';
import {
  type Contribution,
  type Datapoint,
  type DetectState,
  newDetectState,
  type Profiles,
} from '../../shared/domain/detection/state';
import { isDrill } from '../../shared/domain/drill';
import { unknownPrincipal } from '../../shared/domain/findings/rule-failure';
import { agentClientId } from '../../shared/domain/text';
import type { ThingKey } from '../../shared/domain/thing-ref';
import type { Datapoints, DetectStore, Fleet } from '../../shared/ports/storage';
import { untilUndisturbed } from '../../shared/undisturbed';
import { type AnswerNeedsPorts, createAnswers } from './answer-needs';
import { type PublishPorts, publishEvent } from './publish';
import type { DetectionTrigger } from './receive';
import type { SilenceRun } from './silences';

export interface EvaluatePorts extends AnswerNeedsPorts, PublishPorts {
  readonly states: Pick<DetectStore, 'load' | 'save'>;
  readonly datapoints: Datapoints;
  readonly fleet: Fleet;
  /** The exceptions that may cover an alarm. */
  readonly playbooks: readonly Playbook[];
}

type Run = Pick<SilenceRun, 'isAlone' | 'note'>;

/** Judges the triggers of one thing in order of time, and saves what changed: in one write, unless an event is noted before. */
export function evaluateThing(ports: EvaluatePorts, profiles: Profiles) {
  const answersOf = createAnswers(ports);
  return async (thingName: ThingKey, triggers: readonly DetectionTrigger[], run?: Run): Promise<void> => {
    const chosen = triggers
      .map((trigger) => ({ trigger, judge: chooseRule(trigger, ports.playbooks) }))
      .filter((one): one is Chosen => one.judge !== undefined)
      .toSorted((a, b) => a.trigger.at - b.trigger.at);
    if (chosen.length === 0) return;
    // Another invocation may evaluate the thing at the same time. The second one to save reads again.
    await untilUndisturbed(5, () =>
      judgeAll(thingName, chosen, { ...ports, answers: answersOf(thingName, run), run }, profiles),
    );
  };
}

/** A trigger, and how it is judged. */
interface Chosen {
  readonly trigger: DetectionTrigger;
  readonly judge: NonNullable<ReturnType<typeof chooseRule>>;
}

/** The values that judging one thing needs beside the ports. */
interface ThingPorts extends EvaluatePorts {
  readonly answers: Answers<DetectionQuestions>;
  readonly run: Run | undefined;
}

async function judgeAll(
  thingName: ThingKey,
  chosen: readonly Chosen[],
  ports: ThingPorts,
  profiles: Profiles,
): Promise<void> {
  const stored = await ports.states.load(thingName);
  const before = stored?.value ?? newDetectState(thingName);
  const cause = (before.ending ?? before.raising) && findCause(chosen);
  const recall = cause && recallEvents(before, profiles, cause.kind === 'report');
  const judged = await judgeEach(chosen, recall?.state ?? before, ports, profiles);
  const again = recall && settleRecalled(judged.state, recall.recalled, judged.events, cause);
  const state = again?.state ?? judged.state;
  const events = [...judged.events, ...(again?.events ?? [])];
  const beginning = noteEvents(before, events);
  let version = stored?.version ?? 0;
  if (beginning) version = await ports.states.save(beginning, version);
  // In parallel, so that a flapping thing does not delay the others.
  await Promise.all(events.map(([event, trigger]) => publishEvent(event, trigger, ports)));
  await ports.datapoints.append(thingName, judged.datapoints);
  // Alerts and datapoints went out first: a crash in between repeats them under the same names, and loses none.
  if (state !== before) await ports.states.save(state, version);
  logSilenceChange(before, state, ports);
  // A count has no id, so it waits for the save: an invocation that must judge again must not count a device twice.
  // A drill's values are no part of what is normal for the fleet.
  if (isDrill(thingName)) return;
  for (const contribution of judged.contributions) await ports.fleet.add(thingName, contribution);
}

/** The results of all triggers of a thing, each judged in the state after the previous one. */
interface Judged {
  readonly state: DetectState;
  readonly events: readonly Caused<DetectionTrigger>[];
  readonly contributions: readonly Contribution[];
  readonly datapoints: readonly Datapoint[];
}

async function judgeEach(
  chosen: readonly Chosen[],
  before: DetectState,
  { answers }: Pick<ThingPorts, 'answers'>,
  profiles: Profiles,
): Promise<Judged> {
  let state = before;
  const nameViolation = nameFor(before.thingName);
  const events: Caused<DetectionTrigger>[] = [];
  const contributions: Contribution[] = [];
  const datapoints = new Map<string, Datapoint>();
  for (const { trigger, judge } of chosen) {
    const judgement = await resolve(judge({ state, at: trigger.at, profiles, nameViolation }), answers);
    state = judgement.state;
    events.push(...judgement.events.map((event) => [event, trigger] as const));
    contributions.push(...judgement.contributions);
    // A table takes an item once in a batch: of two at the same instant the later one.
    for (const point of judgement.datapoints) datapoints.set(`${point.at} ${point.metric}`, point);
  }
  return { state, events, contributions, datapoints: [...datapoints.values()] };
}

function logSilenceChange(before: DetectState, { agent, thingName }: DetectState, ports: ThingPorts): void {
  const wasSilent = before.agent?.silentAt !== undefined;
  const isSilent = agent?.silentAt !== undefined;
  if (isSilent && !wasSilent) ports.run?.note({ thingName, heardAt: agent.heardAt });
  if (wasSilent && agent && !isSilent) {
    ports.log.info('an agent that was silent reports again', { thingName });
    ports.metrics.count('AgentBack');
  }
}

/** How a trigger is judged; undefined for a rejected report, which only gets an answer. */
function chooseRule(trigger: DetectionTrigger, playbooks: readonly Playbook[]) {
  switch (trigger.kind) {
    case 'time':
      return judgeTime;
    case 'lifecycle': {
      const { event } = trigger;
      return (setting: Setting) => judgeLifecycle({ ...setting, event });
    }
    case 'report': {
      const { read, envelope } = trigger;
      if (read.kind !== 'report') return undefined;
      const { report } = read;
      const { principal } = envelope;
      const reportedByItself = !isOfAnother(trigger);
      return (setting: Setting) =>
        judgeReport({ ...setting, report, principal, reportedByItself, playbooks });
    }
  }
}

/** The reporter of an alarm that is raised again: the thing itself, never another client. */
function findCause(chosen: readonly Chosen[]): DetectionTrigger | undefined {
  const own = chosen.map(({ trigger }) => trigger).filter((trigger) => !isOfAnother(trigger));
  return own.findLast(({ kind }) => kind === 'report') ?? own.at(-1);
}

/** A report of a client that did not connect as the thing. */
function isOfAnother(trigger: DetectionTrigger): boolean {
  if (trigger.kind !== 'report') return false;
  const { clientId, thingName, principal } = trigger.envelope;
  // An unnamed client may be anyone, whatever id it connected under.
  return principal === unknownPrincipal || (clientId !== thingName && clientId !== agentClientId(thingName));
}

function nameFor(thingName: string): Setting['nameViolation'] {
  return (key, seed) =>
    createHash('sha256')
      // Not from the time of receipt, so that a repeated report gives the violation the same id.
      .update(JSON.stringify([thingName, key, seed]))
      .digest('hex')
      .slice(0, 32);
}
