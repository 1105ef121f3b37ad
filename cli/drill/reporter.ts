import { setTimeout as pause } from 'node:timers/promises';
import type { ProofDevice, Session } from '../../proof/device';
import type { Configuration } from '../../shared/domain/configuration';
import type { MetricValue } from '../../shared/domain/findings/violation';
import { agentClientId } from '../../shared/domain/text';
import { type Stimulus, writeReport } from './stimulus';

/** The topic that reports go to; the answers' topics are below it. */
function reportTopic(thingName: string, detector: Configuration['detector']): string {
  return detector === 'device-defender'
    ? `$aws/things/${thingName}/defender/metrics/json`
    : `cordon/things/${thingName}/reports/json`;
}

/**
 * An answer can get lost, and the detect function doesn't repeat it, so a report without one is sent again: the detector ignores
 * a report that it has seen, and answers it. Device Defender refuses it.
 */
function countSends(detector: Configuration['detector']): number {
  return detector === 'device-defender' ? 1 : 2;
}

/** Reports as the device's agent, under a client id of its own. `answerMs`: the time for the answer to a report. */
export async function openReporter(
  device: Pick<ProofDevice, 'thingName' | 'connect'>,
  detector: Configuration['detector'],
  stimulus: Stimulus,
  answerMs = 20_000,
) {
  const sends = countSends(detector);
  const topic = reportTopic(device.thingName, detector);
  const waiting = new Map<number, (answer: string) => void>();
  // Higher than the id of any earlier report: there was none.
  let reportId = Math.floor(Date.now() / 1_000);

  function onAnswer(answerTopic: string, payload: string): void {
    let answer: { reportId?: number; statusDetails?: { ErrorMessage?: string } };
    try {
      answer = JSON.parse(payload);
    } catch {
      return;
    }
    const { reportId: id = 0, statusDetails } = answer;
    const isAccepted = answerTopic.endsWith('/accepted');
    waiting.get(id)?.(isAccepted ? 'accepted' : `rejected: ${statusDetails?.ErrorMessage ?? 'no reason'}`);
  }

  async function connect(): Promise<Session> {
    const session = await device.connect(agentClientId(device.thingName));
    await session.subscribe([`${topic}/accepted`, `${topic}/rejected`], onAnswer);
    return session;
  }

  let session = await connect();
  let hasViolated = false;

  /** Resolves once the report is answered, or to `cut` if the session ends before. Throws an Error if it is not accepted. */
  async function send(value: MetricValue): Promise<'accepted' | 'cut'> {
    reportId += 1;
    const id = reportId;
    const message = JSON.stringify(writeReport(stimulus, value, id));
    const answered = new Promise<string>((resolve) => void waiting.set(id, resolve));
    const cut = session.ended.then(() => 'cut' as const);
    const isOver = new AbortController();
    try {
      for (let sent = 0; sent < sends; sent += 1) {
        const outcome = await session.publish(topic, message);
        if (outcome !== 'accepted' && session.endedAt() !== undefined) return 'cut';
        if (outcome !== 'accepted') throw new Error(`report ${id}: the broker did not take it (${outcome})`);
        const late = pause(answerMs / sends, undefined, isOver).catch(() => undefined);
        const answer = await Promise.race([answered, cut, late]);
        if (answer === 'accepted' || answer === 'cut') return answer;
        if (answer !== undefined) throw new Error(`report ${id}: ${answer}`);
      }
      throw new Error(`report ${id}: no answer within ${answerMs / 1_000} s`);
    } finally {
      isOver.abort();
      waiting.delete(id);
    }
  }

  return {
    topic,
    session: () => session,

    async reconnect(): Promise<void> {
      session.end();
      session = await connect();
    },

    /** Resolves once the report is accepted; throws an Error if it is not. */
    async report(value: MetricValue): Promise<void> {
      if ((await send(value)) === 'cut')
        throw new Error(`report ${reportId}: the session ended before the answer`);
    },

    /** The same for a report that has the device contained, after which its session may be cut at any moment. */
    async reportViolation(value: MetricValue): Promise<void> {
      if (!hasViolated && session.endedAt() !== undefined)
        throw new Error(`report ${reportId + 1}: the session had ended before it was sent`);
      hasViolated = true;
      await send(value);
    },

    end: () => session.end(),
  };
}

export type Reporter = Awaited<ReturnType<typeof openReporter>>;
