import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../../shared/domain/case/case';
import { writeAlert } from '../../shared/domain/findings/alert';
import { thingKey } from '../../shared/domain/thing-ref';
import { DrillEnded, until } from './recorder';
import type { Scene } from './scene';

/**
 * Reports a normal value, then as many violating values as the behavior needs. If Device Defender evaluates and the
 * drill does not wait for it, the drill publishes the alert itself. Resolves to the time at which the violation was
 * sent, epoch ms.
 */
export async function raiseAlarm(scene: Scene): Promise<number> {
  const { reporter, recorder, stimulus, configuration, waitDetect, say, signal } = scene;
  const { normal, violating, metric } = stimulus;
  const isForDetect = configuration.detector === 'device-defender';
  let violatedAt = Date.now();
  await recorder.step(
    'report-accepted',
    async () => {
      if (normal) await reporter.report(normal);
      if (isForDetect && !waitDetect) return `${metric} ${JSON.stringify(normal)}`;
      for (let sent = 0; sent < stimulus.reports; sent += 1) {
        if (isForDetect && (normal || sent > 0)) {
          say('waiting for five minutes: Device Defender takes no earlier report');
          await pause(detectIntervalMs, undefined, { signal });
        }
        violatedAt = Date.now();
        recorder.startClock(violatedAt);
        await reporter.reportViolation(violating);
      }
      return `${metric} ${normal ? JSON.stringify(normal) : 'no normal value'}, then ${JSON.stringify(violating)}`;
    },
    { last: true },
  );
  return isForDetect && !waitDetect ? publishMadeUpAlert(scene) : violatedAt;
}

/** Device Defender refuses more frequent reports (developer guide, "Device-side metrics"). */
const detectIntervalMs = 300_000;

async function publishMadeUpAlert({
  recorder,
  stimulus,
  thingName,
  target,
  arnPrefix,
}: Scene): Promise<number> {
  const at = Date.now();
  recorder.startClock(at);
  const { securityProfileName, behaviorName, metric, violating } = stimulus;
  const [, partition, , region, account] = arnPrefix.split(':');
  const topic = `arn:${partition}:sns:${region}:${account}:cordon-${target.stage}-alerts`;
  const alert = writeAlert({
    violationId: `${thingName}-violation`,
    thingName,
    securityProfileName,
    eventType: 'in-alarm',
    occurredAt: at,
    behavior: { name: behaviorName, metric },
    value: violating,
  });
  await target.account.publishAlert(topic, alert);
  return at;
}

/**
 * The longest wait for an alarm: a window must pass first, and Device Defender evaluates every five to fifteen minutes.
 */
function patienceOf({ stimulus, configuration, waitDetect }: Scene): number {
  const isDetect = configuration.detector === 'device-defender' && waitDetect;
  return 60_000 + stimulus.windowSeconds * 1_000 + (isDetect ? 1_200_000 : 0);
}

/** How often a value that is added up over a window is reported again. */
const repeatMs = 30_000;

export async function waitForCase(scene: Scene, violatedAt: number): Promise<Case> {
  const { target, thingName, recorder, reporter, stimulus, configuration, signal } = scene;
  let repeatAt =
    stimulus.windowSeconds > 0 && configuration.detector !== 'device-defender'
      ? violatedAt + repeatMs
      : Infinity;
  let found: Case | undefined;
  await recorder.step(
    'case',
    async () => {
      const look = async () => {
        if (Date.now() >= repeatAt) {
          repeatAt = Date.now() + repeatMs;
          await reporter.reportViolation(stimulus.violating);
        }
        return (await target.cases.load(thingKey(thingName)))?.value;
      };
      found = await until('there is no case', look, patienceOf(scene), signal, 50);
      return { at: Date.now(), detail: `case ${found.caseId}` };
    },
    { last: true },
  );
  if (!found) throw new DrillEnded('no case');
  return found;
}

export async function waitForContainment(scene: Scene): Promise<Case> {
  const { target, thingName, recorder, signal } = scene;
  let current: Case | undefined;
  await recorder.step(
    'contained',
    async () => {
      const ends = ['contained', 'containment-failed', 'awaiting-approval', 'closed'];
      current = await until(
        () => `it is ${current?.status}`,
        async () => {
          current = (await target.cases.load(thingKey(thingName)))?.value;
          return current && ends.includes(current.status) ? current : undefined;
        },
        120_000,
        signal,
        50,
      );
      if (current.status !== 'contained') throw new Error(`it is ${current.status}`);
      const actions = current.ledger.map(({ action, status }) => `${action} ${status}`).join(', ');
      return `${actions}${await describeGroup(scene, current)}`;
    },
    { last: true },
  );
  if (!current) throw new DrillEnded('not contained');
  return current;
}

/** The record alone does not prove where the thing is. */
async function describeGroup(
  { target, thingName, configuration: { quarantine } }: Scene,
  { ledger }: Case,
): Promise<string> {
  const isInGroup = ledger.some(
    ({ action, status }) => action === 'quarantine' && (status === 'applied' || status === 'verified'),
  );
  if (!isInGroup) return '';
  const { thingGroup, adopt } = quarantine;
  const groups = await target.account.listThingGroups(thingName);
  if (!groups.includes(thingGroup))
    throw new Error(
      `it is in ${groups.join(', ') || 'no thing group'}, not in ${thingGroup} of this cordon.yml`,
    );
  return `, in ${adopt ? 'the adopted group ' : ''}${thingGroup}`;
}
