import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from '../../proof/device';
import type { Case } from '../../shared/domain/case/case';
import { drillPrefix } from '../../shared/domain/drill';
import { measure } from '../../shared/domain/messages/announcement';
import { listDenied } from '../../shared/mitigation/policy-coverage';
import { raiseAlarm, waitForCase, waitForContainment } from './alarm';
import { keepSending, type Sending } from './attempts';
import { clean, retainedTopics } from './leftovers';
import { waitForPeople } from './people';
import { waitForPolicies } from './policies';
import { type Probed, probe, roleAlias } from './probes';
import { createRecorder, DrillEnded, until } from './recorder';
import { release } from './release';
import { appTopicOf, type DrillOptions, type DrillTarget, type Scene } from './scene';
import { connectBoth, enrollDrill } from './setup';
import type { DrillResult } from './steps';

/**
 * Plays the story with a thing of its own, and deletes everything again, even if it is interrupted. If it can't delete
 * something, the next drill tries again.
 */
export async function drill(options: DrillOptions, target: DrillTarget): Promise<DrillResult> {
  const thingName = `${drillPrefix}${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'cordon-drill-'));
  const recorder = createRecorder(options.say, options.signal);
  const seen: Seen = { throughBefore: 0, throughAfter: 0 };
  try {
    const { device, arnPrefix } = await enrollDrill(thingName, folder, options, target);
    const { reporter, reachesHttps } = await connectBoth(device, options, recorder);
    try {
      await play(
        { ...options, thingName, arnPrefix, device, reporter, reachesHttps, recorder, target },
        seen,
      );
    } finally {
      reporter.end();
    }
  } catch (error) {
    if (!(error instanceof DrillEnded) && !options.signal.aborted) throw error;
  } finally {
    options.say('cleaning up');
    // Always cleans up, and a failure here does not hide an earlier one.
    await recorder
      .step(
        'retired',
        async () => {
          const faults = await clean(thingName, target, folder);
          if (faults.length > 0) throw new Error(faults.join('; '));
          return thingName;
        },
        { always: true },
      )
      .finally(() => rm(folder, { recursive: true, force: true }));
  }
  const steps = recorder.results();
  const { caseId, times, ...through } = seen;
  return {
    held: !options.signal.aborted && steps.every(({ status }) => status !== 'failed'),
    thingName,
    behavior: `${options.stimulus.securityProfileName}/${options.stimulus.behaviorName}`,
    ...(caseId !== undefined && { caseId }),
    steps,
    ...times,
    ...through,
  };
}

interface Seen {
  caseId?: string;
  times?: Pick<DrillResult, 'alertToAppliedMs' | 'alertToVerifiedMs'>;
  throughBefore: number;
  throughAfter: number;
}

async function play(scene: Scene, seen: Seen): Promise<void> {
  const { thingName, device, reporter, reachesHttps, recorder, target, stimulus, configuration } = scene;
  const [retainedTopic = ''] = retainedTopics(thingName);
  const appTopic = appTopicOf(thingName);
  const before = {
    role: await device.askForRole(roleAlias),
    retained: await device.readRetained(retainedTopic),
  };
  const snapshot = await target.account.takeSnapshot(thingName);
  const app = await device.connect(thingName);
  const sending = keepSending(device, appTopic, app);
  try {
    const violatedAt = await raiseAlarm(scene);
    const opened = await waitForCase(scene, violatedAt);
    seen.caseId = opened.caseId;
    const contained = await waitForContainment(scene);
    const containedAt = Date.now();
    const { appliedMs, verifiedMs } = measure(contained);
    seen.times = {
      ...(appliedMs !== undefined && { alertToAppliedMs: appliedMs }),
      ...(verifiedMs !== undefined && { alertToVerifiedMs: verifiedMs }),
    };
    const keepTopics = configuration.quarantine.keepTopics;
    const keptValue = stimulus.normal ?? stimulus.violating;
    const tries = await tryWaysOut(scene, contained, sending, app, {
      ...{ device, reporter, reachesHttps, appTopic, retainedTopic, before, keepTopics, keptValue },
      ...readAdoptedPolicy(scene),
    });
    seen.throughBefore = sending.accepted(violatedAt, containedAt).length;
    const through = [sending, ...tries].flatMap(({ accepted }) => accepted(containedAt));
    const tried = [sending, ...tries].reduce((sum, { count }) => sum + count(containedAt), 0);
    seen.throughAfter = through.length;
    await recorder.step('nothing-through', async () => {
      if (through.length > 0)
        throw new Error(`${through.length} of ${tried} were accepted, first by ${through[0]?.way}`);
      return `0 of ${tried} tries`;
    });
    await recorder.step('people-told', () => waitForPeople(scene, contained));
  } finally {
    await sending.stop();
  }
  await release(scene, appTopic, snapshot);
}

/** A deny policy of the account may deny more than the stack's own. */
function readAdoptedPolicy({ configuration, target, arnPrefix }: Scene): Pick<Probed, 'findClosed'> {
  const { policy } = configuration.quarantine;
  if (policy === undefined) return {};
  return {
    findClosed: async (action, resource) => {
      const document = await target.account.readPolicy(policy);
      return listDenied(document, action, [`${arnPrefix}:${resource}`]).length > 0 ? policy : undefined;
    },
  };
}

/**
 * How long the device sends before it tries each way out, since a message that was refused once may be accepted the
 * next time.
 */
const sendingMs = 3_000;

/** Tries each way out; with `--policies`, again when the policies alone deny. Resolves to what was sent in between. */
async function tryWaysOut(
  scene: Scene,
  contained: Case,
  sending: Sending,
  app: Session,
  probed: Probed,
): Promise<readonly Sending[]> {
  const { recorder, signal, policies, device } = scene;
  await recorder.step('session-ended', async () => {
    const at = await until('the session is still open', async () => app.endedAt(), 20_000, signal);
    return { at, detail: '' };
  });
  await pause(sendingMs, undefined, { signal });
  await sending.stop();
  await probe(probed, contained, recorder);
  if (!policies) return [];
  const later = keepSending(device, probed.appTopic);
  try {
    const spread = await waitForPolicies(scene, contained);
    await later.stop();
    if (spread) await probe(probed, spread, recorder);
  } finally {
    await later.stop();
  }
  return [later];
}
