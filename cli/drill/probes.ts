import type { Outcome, ProofDevice } from '../../proof/device';
import { keepsTopic } from '../../shared/config/keep-topics';
import { descriptorOf } from '../../shared/domain/actions/registry';
import type { Case } from '../../shared/domain/case/case';
import { findTemporaryDeactivation } from '../../shared/domain/case/temporary-deactivation';
import type { MetricValue } from '../../shared/domain/findings/violation';
import { NotTried, type Recorder } from './recorder';
import type { Reporter } from './reporter';

/** The ways that worked before the containment: only for these does a refusal prove anything. */
interface RightsBefore {
  readonly role: { readonly outcome: Outcome; readonly detail: string };
  readonly retained: { readonly outcome: Outcome; readonly detail: string };
}

export interface Probed {
  readonly device: ProofDevice;
  readonly reporter: Reporter;
  readonly reachesHttps: boolean;
  readonly appTopic: string;
  readonly retainedTopic: string;
  readonly keepTopics: readonly string[];
  /** The name of a deny policy of the account, if it denies the action there. */
  readonly findClosed?: (action: string, resource: string) => Promise<string | undefined>;
  /** What a contained device reports. */
  readonly keptValue: MetricValue;
  readonly before: RightsBefore;
}

/** Whether the certificate is INACTIVE by Cordon's doing: nothing of the device connects then. */
function isDeactivated({ ledger }: Case): boolean {
  return ledger.some(
    ({ action, status }) => descriptorOf(action).means === 'certificate-status' && status === 'verified',
  );
}

/** Tries every way out of a contained device once. */
export async function probe(probed: Probed, record: Case, recorder: Recorder): Promise<void> {
  const { device, appTopic, retainedTopic, before } = probed;
  const dead = isDeactivated(record);
  const phase = dead ? 'its certificate is INACTIVE' : 'denied by policy';
  const { step } = recorder;
  await step('reconnect-refused', async () => {
    if (!dead)
      throw new NotTried(`its certificate is ACTIVE, so it may connect for the kept topics; ${phase}`);
    return demandRefusal(await askTwice(() => tryAndEnd(device)), phase);
  });
  await step('mqtt-refused', async () =>
    demandRefusal(await askTwice(() => publishOnce(device, appTopic)), phase),
  );
  await step('https-refused', async () => {
    if (!probed.reachesHttps)
      throw new NotTried('the HTTPS endpoint did not answer this machine before the containment either');
    return demandRefusal(await askTwice(() => device.publishByHttps(appTopic, '{"probe":true}')), phase);
  });
  await step('role-refused', async () => {
    demandRight(before.role);
    return demandRefusal(await askTwice(() => device.askForRole(roleAlias)), phase);
  });
  await step('retained-unreadable', async () => {
    demandRight(before.retained);
    return demandRefusal(await askTwice(() => device.readRetained(retainedTopic)), phase);
  });
  await step('kept-topics-open', () => probeKept(probed, record, phase));
}

/** No role alias has the name: a caller who may assume it learns that, and any other is refused. */
export const roleAlias = 'cordon-drill-no-such-alias';

async function probeKept(
  { reporter, keepTopics, keptValue, device, findClosed }: Probed,
  record: Case,
  phase: string,
): Promise<string> {
  if (isDeactivated(record))
    throw new NotTried(
      findTemporaryDeactivation(record.ledger)
        ? 'its certificate is INACTIVE until the policies have spread: --policies waits for that'
        : 'its certificate is INACTIVE until the release, as the playbook asks',
    );
  if (!keepTopics.some((pattern) => keepsTopic(pattern, device.thingName, reporter.topic)))
    throw new NotTried(`quarantine.keepTopics does not keep ${reporter.topic}`);
  const closing =
    (await findClosed?.('iot:Connect', `client/${device.thingName}`)) ??
    (await findClosed?.('iot:Publish', `topic/${reporter.topic}`));
  if (closing !== undefined) throw new NotTried(`${closing} of the account denies it too`);
  await reporter.reconnect();
  await reporter.report(keptValue);
  return `a report is accepted and answered; ${phase}`;
}

interface Answer {
  readonly outcome: Outcome;
  readonly detail: string;
}

async function tryAndEnd(device: ProofDevice): Promise<Answer> {
  const { session, outcome, detail } = await device.tryConnect(device.thingName);
  session?.end();
  return { outcome, detail };
}

/** A connect that is refused refuses the message with it. */
async function publishOnce(device: ProofDevice, topic: string): Promise<Answer> {
  const { session, outcome, detail } = await device.tryConnect(device.thingName);
  if (!session) return { outcome, detail: `connect: ${detail}` };
  const published = await session.publish(topic, '{"probe":true}');
  session.end();
  return {
    outcome: published,
    detail: published === 'accepted' ? 'acknowledged' : 'no acknowledgement, session ended',
  };
}

/** A missing answer proves nothing, so the probe asks again. */
async function askTwice(ask: () => Promise<Answer>): Promise<Answer> {
  const first = await ask();
  return first.outcome === 'no-answer' ? ask() : first;
}

function demandRefusal({ outcome, detail }: Answer, phase: string): string {
  if (outcome === 'refused') return `${detail}; ${phase}`;
  throw new Error(
    outcome === 'accepted' ? `it was accepted (${detail}); ${phase}` : `no proof: ${detail}; ${phase}`,
  );
}

function demandRight({ outcome, detail }: Answer): void {
  if (outcome !== 'accepted') throw new NotTried(`it did not work before the containment either: ${detail}`);
}
