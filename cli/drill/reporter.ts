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

const answerMs = 20_000;

/** Reports as the device's agent, under a client id of its own. */
export async function openReporter(
  device: ProofDevice,
  detector: Configuration['detector'],
  stimulus: Stimulus,
) {
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
  return {
    topic,
    session: () => session,

    async reconnect(): Promise<void> {
      session.end();
      session = await connect();
    },

    /** Resolves once the report is accepted; throws an Error if it is not. */
    async report(value: MetricValue): Promise<void> {
      reportId += 1;
      const id = reportId;
      let timer: NodeJS.Timeout | undefined;
      const answered = new Promise<string>((resolve) => {
        waiting.set(id, resolve);
        timer = setTimeout(() => resolve(`no answer within ${answerMs / 1_000} s`), answerMs);
      });
      try {
        const sent = await session.publish(topic, JSON.stringify(writeReport(stimulus, value, id)));
        const answer = sent === 'accepted' ? await answered : `the broker did not take it (${sent})`;
        if (answer !== 'accepted') throw new Error(`report ${id}: ${answer}`);
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },

    end: () => session.end(),
  };
}

export type Reporter = Awaited<ReturnType<typeof openReporter>>;
