import { notify } from '../../../functions/notify/handler';
import type { Slack } from '../../../functions/notify/slack';
import type { SlackThread } from '../../../shared/aws/table';
import type { Announcement } from '../../../shared/domain/announcement';
import { VersionConflictError } from '../../../shared/errors';
import type { Versioned } from '../../../shared/ports';
import { awsError } from '../../aws-error';
import { now } from '../../builders';
import { aRecord, fakeDeadLetters, fakeTelemetry } from '../../fakes';
import { anAnnouncement } from './announcements';

function setUp(kind: Slack['kind'] | 'none' = 'bot') {
  const shown: unknown[] = [];
  const saved = new Map<string, Versioned<SlackThread>>();
  const { letters, deadLetters } = fakeDeadLetters();
  const telemetry = fakeTelemetry();
  const state = { fault: undefined as Error | undefined, failsAt: '', time: now };
  const titleOf = (message: { text: string }) => message.text;
  const act = (...step: unknown[]) => {
    if (state.fault) throw state.fault;
    if (state.failsAt && String(step[0]).startsWith(state.failsAt))
      throw new Error(`${state.failsAt} failed`);
    shown.push(step);
  };
  const slack: Record<Slack['kind'], Slack> = {
    bot: {
      kind: 'bot',
      async post(message, threadTs) {
        act(threadTs ? `reply to ${threadTs}` : 'post', titleOf(message));
        return { channel: 'C1', ts: 'ts-1' };
      },
      async update(message, channel, ts) {
        act(`update ${channel} ${ts}`, titleOf(message));
      },
    },
    webhook: {
      kind: 'webhook',
      async post(message) {
        act('post', titleOf(message));
      },
    },
  };
  const threads = {
    load: async (caseId: string) => saved.get(caseId),
    async save(caseId: string, value: SlackThread, previous: number) {
      if ((saved.get(caseId)?.version ?? 0) !== previous) throw new VersionConflictError(caseId);
      saved.set(caseId, { value, version: previous + 1 });
      return previous + 1;
    },
  };
  const handle = notify({
    slack: async () => (kind === 'none' ? undefined : slack[kind]),
    threads,
    deadLetters,
    clock: () => state.time,
    log: telemetry.log,
    metrics: telemetry.metrics,
  });
  const tell = (over: Partial<Announcement> = {}) => handle(aRecord(anAnnouncement(over)));
  return { handle, tell, shown, saved, letters, telemetry, state };
}

const contained = '🔒 mything1: contained: the device is denied: verified';
const releasedText = '✅ mything1: released: all as before';
const released = {
  id: 'case-1#2',
  seq: 2,
  kind: 'released',
  status: 'closed',
  text: 'all as before',
} as const;

describe('notify with a bot token', () => {
  it('opens one thread per case, replies in it, and keeps its root the newest state', async () => {
    const { tell, shown, saved } = setUp();

    await tell();
    await tell(released);

    expect(shown).toEqual([
      ['post', contained],
      ['update C1 ts-1', releasedText],
      ['reply to ts-1', '*mything1: released* all as before'],
    ]);
    expect(saved.get('case-1')).toEqual({ value: { channel: 'C1', ts: 'ts-1', lastSeq: 2 }, version: 3 });
  });

  it('opens one thread though two announcements of a case are handled at once', async () => {
    const { tell, shown } = setUp();

    const both = await Promise.allSettled([tell(), tell(released)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await Promise.all([tell(), tell(released)].map((again) => again.catch(() => undefined)));

    expect(shown.filter((step) => JSON.stringify(step).includes('"post"'))).toHaveLength(1);
  });

  it('takes over a thread that a crash left unopened', async () => {
    const { tell, shown, saved, state } = setUp();
    saved.set('case-1', { value: { channel: '', ts: '', lastSeq: 0, claimedAt: now }, version: 1 });

    await expect(tell()).rejects.toThrow('opening its thread');
    state.time += 30_000;
    await tell();

    expect(shown).toEqual([['post', contained]]);
  });

  it('replies once, however often Slack fails to take the newest state', async () => {
    const { tell, shown, state } = setUp();
    await tell();
    state.failsAt = 'update';

    for (let delivery = 0; delivery < 3; delivery += 1)
      await expect(tell(released)).rejects.toThrow('update');
    state.failsAt = '';
    await tell(released);

    expect(shown.filter((step) => String(step).includes('reply'))).toHaveLength(1);
  });

  it('shows nothing of what people heard of with another thing', async () => {
    const { tell, shown } = setUp();

    await tell({ kind: 'approval-needed', quiet: true });
    expect(shown).toEqual([]);
    await tell(released);
    expect(shown).toEqual([['post', releasedText]]);
  });

  it('shows nothing twice', async () => {
    const { tell, shown } = setUp();

    await tell();
    await tell();

    expect(shown).toEqual([['post', contained]]);
  });

  it('lets older news join the thread, and not overwrite the newest state', async () => {
    const { tell, shown, saved } = setUp();

    await tell(released);
    await tell();

    expect(shown).toEqual([
      ['post', releasedText],
      ['reply to ts-1', '*mything1: contained* the device is denied: verified'],
    ]);
    expect(saved.get('case-1')?.value.lastSeq).toBe(2);
  });

  it('keeps the cases apart', async () => {
    const { tell, shown } = setUp();

    await tell();
    await tell({ caseId: 'case-2', id: 'case-2#1' });

    expect(shown).toEqual([
      ['post', contained],
      ['post', contained],
    ]);
  });

  it('fails, to be delivered again, while Slack is away, and then shows it', async () => {
    const { tell, shown, saved, state } = setUp();
    state.fault = awsError('slack_webapi_rate_limited_error');
    await expect(tell()).rejects.toThrow('refused by the fake');
    // The claim is given back, so that the next delivery need not wait.
    expect(saved.get('case-1')?.value).toMatchObject({ ts: '', claimedAt: 0 });
    state.fault = undefined;

    await tell();

    expect(shown).toEqual([['post', contained]]);
  });
});

describe('notify with a webhook', () => {
  it('posts each state once, and no older one', async () => {
    const { tell, shown } = setUp('webhook');

    await tell();
    await tell(released);
    await tell(released);
    await tell();

    expect(shown).toEqual([
      ['post', contained],
      ['post', releasedText],
    ]);
  });
});

describe('notify', () => {
  it('only says so where no Slack secret is stored', async () => {
    const { tell, shown, telemetry } = setUp('none');

    await tell();

    expect(shown).toEqual([]);
    expect(telemetry.lines).toEqual([
      {
        level: 'warn',
        message: 'no Slack secret is stored, nothing sent',
        fields: { id: 'case-1#1' },
      },
    ]);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['another version', { ...anAnnouncement(), version: 2 }],
    ['a missing field', { ...anAnnouncement(), caseId: undefined }],
    ['a number as text', { ...anAnnouncement(), seq: '1' }],
  ])('sets aside %s', async (_, body) => {
    const { handle, shown, letters } = setUp();

    await handle(aRecord(body));

    expect(shown).toEqual([]);
    expect(letters).toMatchObject([{ reason: 'not an announcement', source: 'notify:message-1' }]);
  });
});
