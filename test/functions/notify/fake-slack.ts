import { jest } from '@jest/globals';
import type { Context } from 'aws-lambda';
import type { Slack } from '../../../functions/notify/channels/slack/client';
import { slack as descriptor } from '../../../functions/notify/channels/slack/descriptor';
import {
  createSlackChannel,
  nowhere,
  type SlackMemory,
  type SlackPlace,
} from '../../../functions/notify/channels/slack/show';
import { ChannelBusyError, ChannelRefusalError } from '../../../functions/notify/delivery/channel';
import { notify } from '../../../functions/notify/delivery/handler';
import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import type { ChannelState } from '../../../shared/storage/channel-states';
import { now } from '../../builders';
import { aRecord, fakeDeadLetters, fakeTelemetry } from '../../fakes';
import { anAnnouncement } from './announcements';
import { fakeChannelStates } from './fake-states';

/** A message as Slack has it. */
interface Kept {
  readonly channel: string;
  readonly threadTs?: string;
  text: string;
}

/** notify with a Slack and a table of its own, and a clock that only waiting moves. */
export function setUpNotify(kind: Slack['kind'] | 'none' = 'bot') {
  const shown: unknown[] = [];
  const { saved, states } = fakeChannelStates<SlackPlace, SlackMemory>();
  const { letters, deadLetters } = fakeDeadLetters();
  const telemetry = fakeTelemetry();
  const state = {
    fault: undefined as Error | undefined,
    failsAt: '',
    /** Slack's word for what is wrong, by call (`post`, `reply`, `update`). */
    refuses: {} as Record<string, string>,
    time: now,
    /** Slack accepts one message in so many ms. */
    paceMs: 0,
    callMs: 0,
    /** What others do while a run waits. */
    meanwhile: async () => {},
    channelIds: { '#iot-security': 'C1' } as Record<string, string>,
  };
  const messages = new Map<string, Kept>();
  const roots: { blocks: unknown }[] = [];
  /** The run ends directly after a post. */
  const crash = { afterPost: false, end: () => {} };
  let takenAt = -Infinity;
  let refused = 0;

  function act(call: string, ...step: unknown[]) {
    state.time += state.callMs;
    if (state.fault) throw state.fault;
    const reason = state.refuses[call];
    if (reason) throw new ChannelRefusalError('Slack', reason);
    if (state.failsAt && call === state.failsAt) throw new Error(`${state.failsAt} failed`);
    const leftMs = takenAt + state.paceMs - state.time;
    if (leftMs > 0) {
      refused += 1;
      throw new ChannelBusyError('Slack', Math.ceil(leftMs / 1_000));
    }
    takenAt = state.time;
    shown.push(step);
  }

  const slack: Record<Slack['kind'], Slack> = {
    bot: {
      kind: 'bot',
      channel: '#iot-security',
      async post({ text, blocks }, place) {
        const named = place?.channel ?? '#iot-security';
        const channel = state.channelIds[named] ?? (Object.values(state.channelIds).includes(named) && named);
        if (!channel) throw new ChannelRefusalError('Slack', 'channel_not_found');
        const ts = `ts-${messages.size + 1}`;
        if (place?.threadTs) {
          if (!messages.has(place.threadTs)) throw new ChannelRefusalError('Slack', 'thread_not_found');
          act('reply', `reply to ${place.threadTs}${place.inChannel ? ', also in the channel' : ''}`, text);
          messages.set(ts, { channel, threadTs: place.threadTs, text });
        } else {
          act('post', 'post', text);
          messages.set(ts, { channel, text });
          roots.push({ blocks });
          if (crash.afterPost)
            return await new Promise((_, reject) => {
              crash.end = () => reject(new Error('ended'));
            });
        }
        return { channel, ts };
      },
      async update({ text }, { channel, ts }) {
        const message = messages.get(ts);
        if (!message) throw new ChannelRefusalError('Slack', 'message_not_found');
        act('update', `update ${channel} ${ts}`, text);
        message.text = text;
      },
    },
    webhook: {
      kind: 'webhook',
      async post({ text }) {
        act('post', 'post', text);
        messages.set(`ts-${messages.size + 1}`, { channel: '', text });
      },
    },
  };

  const pauses = jest.fn<(ms: number) => void>();
  const ports = {
    channel: 'slack',
    functionName: 'notify',
    audience: descriptor.audience,
    title: descriptor.title,
    limits: descriptor.limits,
    nowhere,
    connect: async () => (kind === 'none' ? undefined : createSlackChannel(slack[kind])),
    states,
    deadLetters,
    clock: () => state.time,
    pause: async (ms: number) => {
      pauses(ms);
      state.time += ms;
      await state.meanwhile();
    },
    log: telemetry.log,
    metrics: telemetry.metrics,
  };
  const handle = notify(ports);
  const deliver = async (...bodies: readonly unknown[]) =>
    handle(
      { Records: bodies.map((body, index) => aRecord(body, { messageId: `message-${index + 1}` })) },
      {} as Context,
    );
  const announce = (over: Partial<Announcement> = {}) => deliver(anAnnouncement(over));
  /** What EventBridge does each minute. */
  const minute = async () => {
    await handle({ time: 'now' }, {} as Context);
  };
  const stateOf = (caseId = 'case-1') =>
    saved.get(`CASE#${caseId}`)?.value as ChannelState<SlackPlace> | undefined;
  return {
    deliver,
    announce,
    minute,
    shown,
    saved,
    stateOf,
    letters,
    telemetry,
    state,
    messages,
    roots,
    crash,
    pauses,
    ports,
    refusals: () => refused,
  };
}
