import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import { type Channel, ChannelRefusalError } from './channel';
import type { DeliverPorts } from './deliver';
import { OutOfTimeError, paceCalls } from './pace';

/** The event with which `cordon doctor --send-test` invokes the function of a channel, and the answer. */
export interface TestRequest {
  readonly sendTest: true;
}

export interface TestAnswer {
  /** Absent if the service took the message. */
  readonly refused?: string;
}

/** Within the time that a caller waits. */
const patienceMs = 20_000;

/** Shows a case that says it is a test, and its end, so that nothing stays open. */
export async function sendTest(
  channel: Channel | undefined,
  ports: Pick<DeliverPorts, 'clock' | 'pause' | 'limits'>,
): Promise<TestAnswer> {
  if (!channel) return { refused: 'its secret is not stored' };
  const now = ports.clock();
  const call = paceCalls(ports, ports.limits, now + patienceMs);
  const manner = { call, brief: false, memory: {}, willPost: async () => {}, lost: () => {} };
  try {
    const { place } = await channel.show(writeTest(1, now), { place: {}, lastSeq: 0 }, manner);
    await channel.show({ ...writeTest(2, now), status: 'closed' }, { place, lastSeq: 1 }, manner);
    return {};
  } catch (error) {
    if (error instanceof ChannelRefusalError) return { refused: error.reason };
    if (error instanceof OutOfTimeError) return { refused: 'it is busy, and accepts nothing more for now' };
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

function writeTest(seq: number, now: number): Announcement {
  const caseId = `doctor-test-${now}`;
  return {
    ...{
      version: 1,
      id: `${caseId}#${seq}`,
      caseId,
      seq,
      at: now,
      kind: 'test',
      status: 'test',
      drill: true,
    },
    ...{ severity: 'low', thingName: 'cordon-doctor-test', detector: 'operator' },
    text: 'Test message of cordon doctor: nothing happened.',
    ...{ violations: [], actions: [], evidence: [], enrichment: [] },
  };
}
