import type { Context } from 'aws-lambda';
import type { ServedDescriptor } from '../../functions/notify/channels/descriptor';
import type { Channel } from '../../functions/notify/delivery/channel';
import { notify } from '../../functions/notify/delivery/handler';
import { writeDigest } from '../../shared/domain/lists/digest';
import type { ListedCase } from '../../shared/domain/lists/outline';
import { writeStorm } from '../../shared/domain/lists/storm';
import type { Announcement } from '../../shared/domain/messages/announcement-schema';
import { thingKey } from '../../shared/domain/thing-ref';
import { now } from '../builders';
import { aRecord, fakeDeadLetters, fakeTelemetry } from '../fakes';
import { anAnnouncement, hostileAnnouncement } from '../functions/notify/announcements';
import { fakeChannelStates } from '../functions/notify/fake-states';
import { type FaultyRelay, startFaultyRelay } from './faulty-relay';

/** A channel's service as a test has it: as strict as the service's own documents. */
export interface StandIn {
  /** Base URL of the service. */
  readonly url: string;
  /** The argument of `serve` in the function of the channel. */
  readonly nowhere: object;
  connect(url: string): Channel;
  /** What people see now: one entry for each thread, incident or message that stands for a case. */
  shown(): readonly string[];
  /** How the service permanently refuses a message; by default 403 without a body. */
  readonly refusal?: Parameters<FaultyRelay['refuseNext']>[0];
  /** The parts of all messages that are more than text: a link, a mention, a command. */
  findHazards(): readonly string[];
  close(): Promise<void>;
}

function aListed(name: string, status: ListedCase['status']): ListedCase {
  return {
    ...{ thingName: thingKey(name), caseId: `case-${name}`, status, severity: 'high' },
    ...{ openedAt: now, updatedAt: now, behaviors: ['myapp/no-child'] },
  };
}

const later = {
  id: 'case-1#2',
  seq: 2,
  kind: 'new-violation',
  status: 'contained',
  text: 'another behavior as well',
} as const;

const over = {
  id: 'case-1#3',
  seq: 3,
  kind: 'released',
  status: 'closed',
  text: 'all is as before',
} as const;

const hostile: readonly (readonly [what: string, text: string])[] = [
  ['mentions', '<!channel> <@U024BE7LH> @everyone'],
  ['links', '<https://evil.example|click> https://evil.example [click](https://evil.example)'],
  ['JSON', '"}],"text":"forged'],
  ['markup', '*_~`&lt;script&gt;<script>alert(1)</script>'],
  ['lines and control characters', 'line\r\nForged: line\u2028\u0000\u0007\u202Etxt.exe\uD800'],
  ['templates', ['%s $', '{jndi:ldap://evil.example} {{7*7}}'].join('')],
  ['more than any service takes', 'é漢🦊'.repeat(3_000)],
];

/**
 * The rules for every channel, tested through the code of its function and over HTTP against a stand-in of its service.
 */
export function itKeepsTheContract(descriptor: ServedDescriptor, start: () => Promise<StandIn>): void {
  let standIn: StandIn;
  let relay: FaultyRelay;

  beforeEach(async () => {
    standIn = await start();
    relay = await startFaultyRelay(standIn.url);
  });

  afterEach(async () => {
    await relay.close();
    await standIn.close();
  });

  function setUp({ hasSecret = true }: { readonly hasSecret?: boolean } = {}) {
    const { saved, states } = fakeChannelStates();
    const { letters, deadLetters } = fakeDeadLetters();
    const telemetry = fakeTelemetry();
    const pauses: number[] = [];
    const time = { now };
    const channel = standIn.connect(relay.url);
    const secret = { isStored: hasSecret };
    const run = (answerMs: number) =>
      notify({
        channel: 'test',
        functionName: 'notify-test',
        audience: descriptor.audience,
        title: descriptor.title,
        limits: { ...descriptor.limits, answerMs },
        nowhere: standIn.nowhere,
        connect: async () => (secret.isStored ? channel : undefined),
        states,
        deadLetters,
        clock: () => time.now,
        pause: async (ms) => {
          pauses.push(ms);
          time.now += ms;
        },
        log: telemetry.log,
        metrics: telemetry.metrics,
      });
    const deliver = (bodies: readonly unknown[], answerMs = 60_000) =>
      run(answerMs)(
        { Records: bodies.map((body, index) => aRecord(body, { messageId: `message-${index + 1}` })) },
        {} as Context,
      );
    return {
      saved,
      secret,
      states,
      letters,
      telemetry,
      pauses,
      deliver,
      announce: (over: Partial<Announcement> = {}) => deliver([anAnnouncement(over)]),
      /** What EventBridge does each minute. */
      async minute() {
        time.now += 60_000;
        await run(60_000)({ time: 'now' }, {} as Context);
      },
    };
  }

  it('shows a case in one place, which always has the newest state, until it is over', async () => {
    const { announce, telemetry } = setUp();

    await announce();
    expect(standIn.shown()).toEqual([expect.stringContaining('the denial is verified')]);
    await announce(later);
    expect(standIn.shown()).toEqual([expect.stringContaining('another behavior as well')]);
    await announce(over);

    expect(standIn.shown()).toHaveLength(1);
    expect(telemetry.counts).toEqual({ MessageShown: 3 });
  });

  it('shows two cases in two places', async () => {
    const { announce } = setUp();

    await announce();
    await announce({ ...later, caseId: 'case-2', id: 'case-2#2' });

    expect(standIn.shown()).toHaveLength(2);
    expect(standIn.shown()).toEqual(
      expect.arrayContaining([
        expect.stringContaining('the denial is verified'),
        expect.stringContaining('another behavior as well'),
      ]),
    );
  });

  it('shows a storm from its start to its end, and a digest', async () => {
    const { deliver, telemetry, letters } = setUp();
    const waiting = Array.from({ length: 8 }, (_, index) => aListed(`thing-${index}`, 'awaiting-approval'));
    const closed = waiting.map((one) => ({ ...one, status: 'closed' as const }));
    const tellStorm = (own: readonly ListedCase[], at: number, over?: true) => {
      const storm = { id: 'storm-1', since: now, lastAt: now, ...(over && { over }) };
      return writeStorm(storm, { behavior: 'myapp/no-child', own, open: over ? [] : own }, at, '');
    };

    await deliver([tellStorm(waiting, now)]);
    await deliver([{ ...tellStorm(closed, now + 1), update: true }]);
    await deliver([tellStorm(closed, now + 2, true)]);
    await deliver([writeDigest(closed, { seq: 1, from: now - 3_600_000, to: now }, undefined)]);

    expect(letters).toEqual([]);
    // Other systems have each case instead.
    expect(telemetry.counts).toEqual(descriptor.audience === 'people' ? { MessageShown: 4 } : {});
  });

  it('never shows an older state over a newer one, nor one twice', async () => {
    const { announce, deliver } = setUp();
    await deliver([anAnnouncement(later), anAnnouncement()]);
    const calls = relay.calls();

    await announce();
    await announce(later);

    expect(standIn.shown()).toEqual([expect.stringContaining('another behavior as well')]);
    expect(relay.calls()).toBe(calls);
  });

  it('waits as long as the service says, and keeps to its pace from then on', async () => {
    const { deliver, pauses, letters } = setUp();
    relay.refuseNext({ status: 429, headers: { 'retry-after': '30' } });

    const answer = await deliver([anAnnouncement(), anAnnouncement({ caseId: 'case-2', id: 'case-2#1' })]);

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(pauses[0]).toBe(30_000);
    expect(pauses.slice(1)).toEqual(pauses.slice(1).map(() => descriptor.limits.gapMs));
    expect(standIn.shown()).toHaveLength(2);
    expect(letters).toEqual([]);
  });

  it('waits as long as the service says in the runs that follow too', async () => {
    const { announce, minute } = setUp();
    relay.refuseNext({ status: 429, headers: { 'retry-after': '150' } });

    await announce();
    const calls = relay.calls();
    await minute();
    expect(relay.calls()).toBe(calls);
    await minute();

    expect(standIn.shown()).toHaveLength(1);
  });

  it('completes the message while the service fails, and shows the state a minute later', async () => {
    const { announce, minute, telemetry } = setUp();
    relay.refuseNext({ status: 503, headers: {} });

    expect(await announce()).toEqual({ batchItemFailures: [] });
    expect(standIn.shown()).toEqual([]);
    await minute();

    expect(standIn.shown()).toEqual([expect.stringContaining('the denial is verified')]);
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: `not shown in ${descriptor.title}, will be tried again`,
      }),
    );
  });

  it('continues while the service does not answer, and shows the newest state once it does', async () => {
    const { deliver, announce, minute } = setUp();
    relay.hang(true);
    expect(await deliver([anAnnouncement()], 200)).toEqual({ batchItemFailures: [] });
    expect(standIn.shown()).toEqual([]);
    relay.hang(false);

    await announce(later);
    await minute();

    expect(standIn.shown().at(-1)).toContain('another behavior as well');
  });

  it.each(hostile)('shows %s in a hostile text as text', async (_, text) => {
    const { deliver, telemetry, letters } = setUp();
    const { caseId, id } = anAnnouncement();

    await deliver([{ ...hostileAnnouncement(text), caseId, id }]);
    await deliver([{ ...hostileAnnouncement(text), caseId, id: `${caseId}#2`, seq: 2 }]);

    expect(telemetry.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(standIn.shown()).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
    expect(standIn.shown().join('')).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u2028\u2029\u202A-\u202E]/);
    expect(standIn.findHazards()).toEqual([]);
    expect(letters).toEqual([]);
  });

  it(`hands what is for other systems to ${descriptor.audience === 'people' ? 'none of the people' : 'them'}`, async () => {
    const { announce } = setUp();

    await announce({ quiet: true });

    expect(standIn.shown()).toHaveLength(descriptor.audience === 'people' ? 0 : 1);
  });

  it(`${descriptor.audience === 'people' ? 'does not show' : 'also shows'} what routes take to other channels`, async () => {
    const { announce } = setUp();

    await announce({ channels: ['another'] });
    await announce({ caseId: 'case-2', id: 'case-2#1', channels: ['another', 'test'] });

    expect(standIn.shown()).toHaveLength(descriptor.audience === 'people' ? 1 : 2);
  });

  it('says that its secret is not stored, in the log and to the alarm, and shows what waits once it is', async () => {
    const { announce, minute, secret, telemetry } = setUp({ hasSecret: false });

    expect(await announce()).toEqual({ batchItemFailures: [] });

    expect(standIn.shown()).toEqual([]);
    expect(telemetry.counts).toEqual({ MessageRefused: 1 });
    expect(telemetry.lines).toMatchObject([
      {
        level: 'error',
        message: `no secret of ${descriptor.title} is stored: the waiting messages are shown once there is one`,
      },
    ]);
    secret.isStored = true;
    await minute();
    expect(standIn.shown()).toEqual([expect.stringContaining('the denial is verified')]);
  });

  it('sets aside a copy of a refused message once, with the reason, and shows the case when the service accepts it again', async () => {
    const { announce, minute, letters } = setUp();
    const refusal = standIn.refusal ?? { status: 403, headers: {} };
    relay.refuseNext(refusal);

    await announce();
    expect(letters).toMatchObject([
      { reason: expect.stringMatching(/ refused: /), source: expect.stringMatching(/^notify-test:.*#1$/) },
    ]);
    relay.refuseNext(refusal);
    await minute();
    expect(letters).toHaveLength(1);
    await minute();

    expect(standIn.shown()).toHaveLength(1);
  });

  it('sets aside an unreadable message with the reason, and shows the rest of the batch', async () => {
    const { deliver, letters } = setUp();

    const answer = await deliver(['{', { ...anAnnouncement(), version: 2 }, anAnnouncement()]);

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(letters).toMatchObject([
      { reason: 'not an announcement', source: 'notify-test:message-1' },
      { reason: 'not an announcement', source: 'notify-test:message-2' },
    ]);
    expect(standIn.shown()).toHaveLength(1);
  });

  it('redelivers only those messages of a batch that it could not keep', async () => {
    const { deliver, states } = setUp();
    const { save } = states;
    states.save = async (caseId, state, previous) => {
      if (caseId === 'case-2') throw new Error('throttled');
      return save(caseId, state, previous);
    };

    const answer = await deliver([
      anAnnouncement(),
      anAnnouncement({ caseId: 'case-2', id: 'case-2#1' }),
      anAnnouncement({ caseId: 'case-3', id: 'case-3#1' }),
    ]);

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-2' }] });
    expect(standIn.shown()).toHaveLength(2);
  });
}
