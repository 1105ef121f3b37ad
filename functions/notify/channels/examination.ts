import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import { type Channel, ChannelRefusalError } from '../delivery/channel';
import { findLocalOrigin } from '../delivery/post';
import { connectPagerDuty } from './pagerduty/channel';
import type { ChannelName, Sections } from './registry';
import { connectTeams } from './teams/channel';
import { connectWebhook } from './webhook/channel';

interface Target {
  readonly secret: string;
  readonly endpoint: string;
  readonly section: unknown;
}

/** The channels that `cordon doctor --send-test` tries by the code that their functions run. */
const connections: Readonly<Partial<Record<ChannelName, (target: Target) => Channel>>> = {
  teams: ({ secret }) => connectTeams({ secret, trusted: findLocalOrigin() }),
  pagerduty: ({ secret, endpoint, section }) =>
    connectPagerDuty({ secret, endpoint, section: section as NonNullable<Sections['pagerduty']> }) as Channel,
  webhook: ({ secret, section }) =>
    connectWebhook({
      secret,
      section: section as NonNullable<Sections['webhook']>,
      trusted: findLocalOrigin(),
    }),
};

export function canBeTried(name: ChannelName): boolean {
  return connections[name] !== undefined;
}

/** Shows a case that says it is a test, and its end, so that nothing stays open. Gives what the service says against it. */
export async function tryChannel(
  name: ChannelName,
  target: Target,
  now: number,
): Promise<string | undefined> {
  const channel = connections[name]?.(target);
  if (!channel) return undefined;
  const manner = {
    call: <T>(call: () => Promise<T>) => call(),
    ...{ brief: false, memory: {}, willPost: async () => {}, lost: () => {} },
  };
  try {
    const { place } = await channel.show(writeTest(1, now), { place: {}, lastSeq: 0 }, manner);
    await channel.show({ ...writeTest(2, now), status: 'closed' }, { place, lastSeq: 1 }, manner);
    return undefined;
  } catch (error) {
    if (error instanceof ChannelRefusalError) return error.reason;
    return error instanceof Error ? error.message : String(error);
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
