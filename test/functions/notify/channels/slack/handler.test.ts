import { announceHeartbeat } from '../../../../../shared/domain/messages/audience';
import type { ChannelTurn } from '../../../../../shared/storage/channel-states';
import { now } from '../../../../builders';
import { anAnnouncement } from '../../announcements';
import { setUpNotify } from '../../fake-slack';

const contained = '🔒 mything1: 1 child process of myapp: contained: the denial is verified';
const releasedText = '✅ mything1: 1 child process of myapp: released: all as before';
const released = {
  id: 'case-1#2',
  seq: 2,
  kind: 'released',
  status: 'closed',
  text: 'all as before',
} as const;

describe('notify with a bot token', () => {
  it('opens one thread per case, replies in it, and keeps the newest state in its root message', async () => {
    const { announce, shown, stateOf } = setUpNotify();

    await announce();
    await announce(released);

    expect(shown).toEqual([
      ['post', contained],
      ['update C1 ts-1', releasedText],
      ['reply to ts-1', '*mything1: released* all as before'],
    ]);
    expect(stateOf()).toEqual({ place: { channel: 'C1', ts: 'ts-1' }, lastSeq: 2, closedAt: now });
  });

  it('changes the root message alone for newer numbers of a storm', async () => {
    const { announce, shown } = setUpNotify();

    await announce();
    await announce({ ...released, update: true });

    expect(shown).toEqual([
      ['post', contained],
      ['update C1 ts-1', releasedText],
    ]);
  });

  it('shows a message that such numbers superseded before Slack accepted it', async () => {
    const { announce, minute, shown, state } = setUpNotify();
    await announce();
    state.fault = new Error('unreachable');
    await announce({ ...released, kind: 'containment-failed', status: 'containment-failed' });
    await announce({ ...released, id: 'case-1#3', seq: 3, update: true });
    state.fault = undefined;
    state.time += 60_000;

    await minute();

    expect(shown.at(-1)).toEqual([
      'reply to ts-1',
      '*mything1: CONTAINMENT FAILED* all as before\n*mything1: released* all as before',
    ]);
  });

  it('shows a reminder in the channel too, for people who do not follow the thread', async () => {
    const { announce, shown } = setUpNotify();

    await announce();
    await announce({ ...released, kind: 'containment-failed', status: 'containment-failed', reminder: 1 });

    expect(shown.at(-1)).toEqual([
      expect.stringMatching(/^reply to .*, also in the channel$/),
      expect.stringContaining('CONTAINMENT FAILED'),
    ]);
  });

  it('measures a heartbeat, and neither shows nor keeps anything of it', async () => {
    const { announce, shown, saved, telemetry, state } = setUpNotify();

    await announce(announceHeartbeat(state.time - 250));

    expect([shown, saved.size]).toEqual([[], 0]);
    expect(telemetry.counts).toEqual({ HeartbeatMs: 1 });
  });

  it('opens one thread even if two announcements of a case are handled at once', async () => {
    const { announce, shown } = setUpNotify();

    await Promise.all([announce(), announce(released)]);

    expect(shown.filter((step) => JSON.stringify(step).includes('"post"'))).toHaveLength(1);
    expect(JSON.stringify(shown)).toContain('released');
  });

  it('continues once the turn of a crashed run has expired', async () => {
    const { announce, minute, shown, saved, state } = setUpNotify();
    const turn: ChannelTurn = { until: now + 60_000, asked: [], memory: {} };
    saved.set('TURN', { value: turn, version: 1 });

    await announce();
    expect(shown).toEqual([]);
    state.time += 30_000;
    await minute();

    expect(shown).toEqual([['post', contained]]);
  });

  it('leaves a case to the run that is sending, which shows the change before it ends', async () => {
    const { announce, ports, shown } = setUpNotify();
    let isInside = false;
    ports.states.listDue = async () => {
      // Between the last look of the one run and its end, another case is stored.
      if (!isInside) {
        isInside = true;
        await announce({ caseId: 'case-2', id: 'case-2#1' });
      }
      return [];
    };

    await announce();

    expect(shown).toHaveLength(2);
  });

  it('replies once, however often Slack fails to accept the newest state', async () => {
    const { announce, minute, shown, state } = setUpNotify();
    await announce();
    state.failsAt = 'update';

    await announce(released);
    for (let again = 0; again < 3; again += 1) {
      state.time += 60_000;
      await minute();
    }
    state.failsAt = '';
    state.time += 5 * 60_000;
    await minute();

    expect(shown.filter((step) => String(step).includes('reply'))).toHaveLength(1);
  });

  it('does not show what people already saw with another thing', async () => {
    const { announce, shown } = setUpNotify();

    await announce({ kind: 'approval-needed', quiet: true });
    expect(shown).toEqual([]);
    await announce(released);
    expect(shown).toEqual([['post', releasedText]]);
  });

  it('shows nothing twice', async () => {
    const { announce, shown } = setUpNotify();

    await announce();
    await announce();

    expect(shown).toEqual([['post', contained]]);
  });

  it('ignores an announcement older than the one shown', async () => {
    const { announce, shown, stateOf } = setUpNotify();

    await announce(released);
    await announce();

    expect(shown).toEqual([['post', releasedText]]);
    expect(stateOf()?.lastSeq).toBe(2);
  });

  it('keeps a thread for each case', async () => {
    const { announce, shown } = setUpNotify();

    await announce();
    await announce({ caseId: 'case-2', id: 'case-2#1' });

    expect(shown).toEqual([
      ['post', contained],
      ['post', contained],
    ]);
  });

  it('finishes with the message while Slack is unreachable, and shows the state once Slack is back', async () => {
    const { announce, minute, shown, stateOf, state } = setUpNotify();
    state.fault = new Error('socket hang up');

    expect(await announce()).toEqual({ batchItemFailures: [] });
    expect(stateOf()).toMatchObject({
      place: { ts: '' },
      newest: { seq: 1 },
      attempts: 1,
      dueAt: now + 15_000,
    });
    state.fault = undefined;
    state.time += 60_000;
    await minute();

    expect(shown).toEqual([['post', contained]]);
  });

  it('never gives up on the newest state, and reports when it is late', async () => {
    const { announce, minute, shown, telemetry, state } = setUpNotify();
    state.fault = new Error('socket hang up');
    await announce();

    for (let hour = 0; hour < 24 * 60; hour += 1) {
      state.time += 60_000;
      await minute();
    }
    expect(telemetry.counts.MessageLate).toBeGreaterThan(200);
    state.fault = undefined;
    state.time += 5 * 60_000;
    await minute();

    expect(shown).toEqual([['post', contained]]);
  });
});

describe('a burst', () => {
  const things = Array.from({ length: 100 }, (_, index) => `thing-${index}`);
  const announcementOf = (thingName: string, seq: number) =>
    anAnnouncement({
      ...(seq > 1 && { ...released }),
      thingName,
      caseId: `case-${thingName}`,
      id: `case-${thingName}#${seq}`,
      seq,
    });

  it.each(['bot', 'webhook'] as const)(
    'of 100 containments and releases is shown by a %s within five minutes, at one message a second',
    async (kind) => {
      const { deliver, minute, messages, letters, state } = setUpNotify(kind);
      state.paceMs = 1_000;
      state.callMs = 150;

      const batches = [1, 2].flatMap((seq) =>
        Array.from({ length: 10 }, (_, batch) =>
          things.slice(batch * 10, batch * 10 + 10).map((thingName) => announcementOf(thingName, seq)),
        ),
      );
      let lastToldAt = now;
      // The second half arrives when most of the first half is shown. No message is superseded then, which is the most
      // expensive case.
      state.meanwhile = async () => {
        const isEarly = batches.length > 10 || state.time - now > 90_000;
        const batch = isEarly ? batches.shift() : undefined;
        if (!batch) return;
        lastToldAt = state.time;
        expect(await deliver(...batch)).toEqual({ batchItemFailures: [] });
      };
      await deliver(...(batches.shift() ?? []));
      while (batches.length > 0 || state.time < lastToldAt + 4 * 60_000) {
        const ranUntil = state.time;
        await minute();
        state.time = Math.max(state.time, now + Math.ceil((ranUntil + 1 - now) / 60_000) * 60_000);
      }

      expect(state.time - lastToldAt).toBeLessThan(5 * 60_000);
      const newest = new Map<string, string>();
      for (const { text, threadTs } of messages.values())
        if (!threadTs) newest.set(text.split(/[ :]+/)[1] ?? '', text);
      for (const thingName of things) expect(newest.get(thingName)).toContain('released');
      expect(letters).toEqual([]);
    },
  );

  it('is shown in one message, without the replies that would exceed the rate', async () => {
    const { deliver, messages } = setUpNotify();

    await deliver(...things.slice(0, 20).map((thingName) => announcementOf(thingName, 1)));

    const texts = [...messages.values()].map(({ text }) => text);
    const summaries = texts.filter((text) => text.includes('cases changed at once'));
    expect(summaries).toHaveLength(1);
    expect(summaries[0]).toContain('20 cases changed at once');
    expect(summaries[0]).toContain('thing-0: 1 child process of myapp: contained');
    expect(summaries[0]).toContain('and 15 more');
    expect(texts).toHaveLength(21);
  });

  it('is shown in one message by a later run if Slack takes nothing in time', async () => {
    const { deliver, minute, messages, state } = setUpNotify();
    await deliver(announcementOf('first', 1));
    state.paceMs = 100_000;
    await deliver(...things.slice(0, 20).map((thingName) => announcementOf(thingName, 1)));
    state.paceMs = 0;
    state.time += 60_000;

    await minute();

    const texts = [...messages.values()].map(({ text }) => text);
    expect(texts.filter((text) => text.includes('20 cases changed at once'))).toHaveLength(1);
  });

  it('within one case gets a reply that names the states it skipped, and counts the rest', async () => {
    const { deliver, announce, shown } = setUpNotify();
    await announce();

    await deliver(
      ...Array.from({ length: 8 }, (_, index) =>
        anAnnouncement({ id: `case-1#${index + 2}`, seq: index + 2, text: `step ${index + 2}` }),
      ),
    );

    expect(shown.slice(1)).toEqual([
      ['update C1 ts-1', '🔒 mything1: 1 child process of myapp: contained: step 9'],
      [
        'reply to ts-1',
        ['and 2 more', ...[4, 5, 6, 7, 8, 9].map((step) => `*mything1: contained* step ${step}`)].join('\n'),
      ],
    ]);
  });

  it('pauses as long as Slack asks, and no longer than the function may run', async () => {
    const { deliver, pauses, shown, state } = setUpNotify();
    state.paceMs = 30_000;

    await deliver(...things.slice(0, 5).map((thingName) => announcementOf(thingName, 1)));

    expect(shown).toHaveLength(3);
    expect(pauses.mock.calls[0]).toEqual([30_000]);
    expect(state.time).toBeLessThanOrEqual(now + 75_000);
  });
});

describe('a message that Slack no longer has', () => {
  it.each(['message_not_found', 'is_archived', 'channel_not_found', 'cant_update_message'])(
    'is posted again if an update finds %s, and operators are notified',
    async (reason) => {
      const { announce, shown, stateOf, telemetry, state } = setUpNotify();
      await announce();
      state.refuses = { update: reason };

      await announce(released);

      expect(shown).toEqual([
        ['post', contained],
        ['post', releasedText],
      ]);
      expect(stateOf()).toEqual({ place: { channel: 'C1', ts: 'ts-2' }, lastSeq: 2, closedAt: now });
      expect(telemetry.counts.MessageRefused).toBe(1);
    },
  );

  it.each(['thread_not_found', 'message_not_found', 'thread_locked'])(
    'is posted again if a reply finds %s',
    async (reason) => {
      const { announce, shown, state } = setUpNotify();
      await announce();
      state.refuses = { reply: reason };

      await announce(released);

      expect(shown.at(-1)).toEqual(['post', releasedText]);
    },
  );

  it('is found under its channel id if the channel was renamed: new cases go to the new channel, replies to their thread', async () => {
    const { announce, messages, telemetry, state } = setUpNotify();
    await announce();
    state.channelIds = { '#renamed': 'C1' };

    await announce(released);
    await announce({ caseId: 'case-2', id: 'case-2#1', thingName: 'mything2' });

    expect([...messages.values()].map(({ channel }) => channel)).toEqual(['C1', 'C1', 'C1']);
    expect(telemetry.counts.MessageRefused).toBe(1);
  });

  it('delays no other case, and operators are notified: the newest state waits until the channel is back', async () => {
    const { deliver, minute, messages, telemetry, state } = setUpNotify();
    state.channelIds = {};
    const cases = Array.from({ length: 6 }, (_, index) => `case-${index}`);

    await deliver(...cases.map((caseId) => anAnnouncement({ caseId, id: `${caseId}#1` })));
    // Three failures in a row mean that the channel fails, not the case.
    expect(telemetry.counts.MessageRefused).toBe(3);
    state.channelIds = { '#iot-security': 'C2' };
    state.time += 60_000;
    await minute();

    expect(messages.size).toBe(6);
  });
});

describe('notify with a webhook', () => {
  it('posts each state once, and never an older one', async () => {
    const { announce, shown } = setUpNotify('webhook');

    await announce();
    await announce(released);
    await announce(released);
    await announce();

    expect(shown).toEqual([
      ['post', contained],
      ['post', releasedText],
    ]);
  });

  it('posts no newer numbers of a storm, as it can change no message', async () => {
    const { announce, shown } = setUpNotify('webhook');

    await announce();
    await announce({ ...released, update: true });

    expect(shown).toEqual([['post', contained]]);
  });

  it('posts newer numbers in place of a message that Slack never took', async () => {
    const { announce, minute, shown, state } = setUpNotify('webhook');
    state.fault = new Error('unreachable');
    await announce();
    await announce({ ...released, update: true });
    state.fault = undefined;
    state.time += 60_000;

    await minute();

    expect(shown).toEqual([['post', releasedText]]);
  });

  it('posts newer numbers that overtook their message', async () => {
    const { announce, shown } = setUpNotify('webhook');

    await announce({ ...released, update: true });
    await announce();

    expect(shown).toEqual([['post', releasedText]]);
  });
});

describe('notify', () => {
  it('keeps what waits until a Slack secret is stored, and says each minute that there is none', async () => {
    const { announce, minute, shown, telemetry, ports } = setUpNotify();
    const { connect } = ports;
    ports.connect = async () => undefined;

    await minute();
    expect(telemetry.counts).toEqual({});
    await announce();
    await announce(released);
    await minute();

    expect(shown).toEqual([]);
    expect(telemetry.counts).toEqual({ MessageRefused: 3 });
    expect(new Set(telemetry.lines.map(({ message }) => message))).toEqual(
      new Set(['no secret of Slack is stored: the waiting messages are shown once there is one']),
    );
    ports.connect = connect;
    await minute();
    expect(shown[0]).toEqual(['post', releasedText]);
  });

  it('keeps the announcement while the secret is unreadable, and shows it a minute later', async () => {
    const { announce, minute, shown, ports } = setUpNotify();
    const { connect } = ports;
    ports.connect = async () => {
      throw new Error('throttled');
    };
    expect(await announce()).toEqual({ batchItemFailures: [] });
    ports.connect = connect;

    await minute();

    expect(shown).toEqual([['post', contained]]);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['another version', { ...anAnnouncement(), version: 2 }],
    ['a missing field', { ...anAnnouncement(), caseId: undefined }],
    ['a number as text', { ...anAnnouncement(), seq: '1' }],
  ])('sets aside %s', async (_, body) => {
    const { deliver, shown, letters } = setUpNotify();

    await deliver(body);

    expect(shown).toEqual([]);
    expect(letters).toMatchObject([{ reason: 'not an announcement', source: 'notify:message-1' }]);
  });
});

describe('a run that ended between a post and its record', () => {
  const earlier = 'Cordon was interrupted while it posted this case.';
  const blocksOf = ({ blocks }: { readonly blocks: unknown }) => JSON.stringify(blocks);

  it('leaves an unrecorded message, which the next message mentions, as long as it is kept up to date', async () => {
    const { announce, minute, shown, state, roots, stateOf, crash } = setUpNotify();
    crash.afterPost = true;
    void announce();
    while (roots.length === 0) await new Promise(setImmediate);
    expect(stateOf()).toMatchObject({ place: { ts: '' }, posting: true });
    crash.afterPost = false;
    state.time += 100_000;

    await minute();
    await announce(released);

    expect(shown).toEqual([
      ['post', contained],
      ['post', contained],
      ['update C1 ts-2', releasedText],
      ['reply to ts-2', '*mything1: released* all as before'],
    ]);
    expect(roots.map((root) => blocksOf(root).includes(earlier))).toEqual([false, true]);
    expect(stateOf()).toEqual({
      place: { channel: 'C1', ts: 'ts-2', again: true },
      lastSeq: 2,
      closedAt: now,
    });
    crash.end();
  });

  it.each([
    ['Slack refused it', { refuses: { post: 'internal_error' } }],
    ['Slack took nothing in time', { paceMs: 1_000_000 }],
  ])('is ruled out if %s', async (_, fault) => {
    const { announce, minute, state, roots, stateOf } = setUpNotify();
    await announce({ caseId: 'case-0' });
    Object.assign(state, fault);
    await announce();
    expect(stateOf()).not.toHaveProperty('posting');
    Object.assign(state, { refuses: {}, paceMs: 0 });
    state.time += 1_000_000;

    await minute();

    expect(roots).toHaveLength(2);
    expect(roots.map((root) => blocksOf(root).includes(earlier))).toEqual([false, false]);
  });
});
