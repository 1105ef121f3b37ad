import type { Context } from 'aws-lambda';
import fc from 'fast-check';
import { teams } from '../../../../functions/notify/channels/teams/descriptor';
import { webhook } from '../../../../functions/notify/channels/webhook/descriptor';
import type { Channel } from '../../../../functions/notify/delivery/channel';
import { notify } from '../../../../functions/notify/delivery/handler';
import type { ChannelStates } from '../../../../shared/storage/channel-states';
import { now } from '../../../builders';
import { aRecord, fakeDeadLetters, fakeTelemetry } from '../../../fakes';
import { anAnnouncement } from '../announcements';
import { fakeChannelStates } from '../fake-states';
import { type Answer, type Asked, startHttpService } from '../http-service';
import { connectTo as connectToTeams, createTeams } from './teams/stand-in';
import { connectTo as connectToOpsgenie, createOpsgenie } from './webhook/opsgenie-stand-in';

/** What happens to one request. With `lost` and `killed`, the service handles it, but the function gets no answer. */
const fault = fc.constantFrom('well', 'well', 'failed', 'busy', 'lost', 'killed', 'killed-before');
type Fault = 'well' | 'failed' | 'busy' | 'lost' | 'killed' | 'killed-before';

const status = fc.constantFrom('observed', 'containing', 'contained', 'containment-failed', 'releasing');

interface Step {
  readonly what: 'announce' | 'minute' | 'person';
  readonly status: string;
  readonly faults: readonly Fault[];
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    what: fc.constantFrom('announce', 'announce', 'minute', 'person'),
    status,
    faults: fc.array(fault, { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 6 },
);

/** One service for all runs, since each has a server of its own otherwise. */
async function startFaulty() {
  const next: { answer: (asked: Asked) => Answer } = { answer: () => ({ status: 500 }) };
  return { ...(await startHttpService((asked) => next.answer(asked))), next };
}

/** A function that shows announcements of one case in a service that fails, and is itself killed. */
function openFunction(
  descriptor: typeof webhook | typeof teams,
  channel: Channel,
  apply: (asked: Asked) => Answer,
) {
  const { states } = fakeChannelStates();
  const { deadLetters } = fakeDeadLetters();
  const { log, metrics } = fakeTelemetry();
  const time = { now };
  const pending: Fault[] = [];
  let isKilled = false;
  const alive =
    <A extends readonly unknown[], T>(act: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (isKilled) throw new Error('killed');
      return act(...args);
    };
  const mortal: ChannelStates = {
    load: alive(states.load),
    save: alive(states.save),
    listDue: alive(states.listDue),
    loadTurn: alive(states.loadTurn),
    saveTurn: alive(states.saveTurn),
  };
  const answer = (asked: Asked): Answer => {
    const what = isKilled ? 'failed' : (pending.shift() ?? 'well');
    if (what === 'killed' || what === 'killed-before') isKilled = true;
    if (what === 'failed' || what === 'killed-before') return { status: 500 };
    if (what === 'busy') return { status: 429 };
    const answered = apply(asked);
    return what === 'well' ? answered : { status: 500 };
  };
  const run = async (event: object, faults: readonly Fault[]) => {
    pending.splice(0, pending.length, ...faults);
    isKilled = false;
    const handle = notify({
      ...{ channel: 'test', functionName: 'notify-test', title: descriptor.title, nowhere: {} },
      ...{ audience: descriptor.audience, limits: { ...descriptor.limits, answerMs: 60_000 } },
      connect: async () => channel,
      states: mortal,
      deadLetters,
      clock: () => time.now,
      pause: async (ms) => {
        time.now += ms;
      },
      ...{ log, metrics },
    });
    await handle(event, {} as Context).catch(() => undefined);
  };
  return {
    answer,
    async announce(body: object, faults: readonly Fault[]) {
      const Records = [aRecord(body, { messageId: 'message-1' })];
      await run({ Records }, faults);
    },
    async minute(faults: readonly Fault[] = []) {
      time.now += 60_000;
      await run({ time: 'now' }, faults);
    },
    isShown: async () => ((await states.load('case-1'))?.value.dueAt ?? undefined) === undefined,
  };
}

let service: Awaited<ReturnType<typeof startFaulty>>;
beforeAll(async () => {
  service = await startFaulty();
});
afterAll(() => service.close());

/** Plays the steps and a last state, in the end without faults. Gives the last announcement. */
async function play(
  played: readonly Step[],
  end: string,
  shown: ReturnType<typeof openFunction>,
  person: () => void,
) {
  let seq = 0;
  const tell = (status: string) => {
    seq += 1;
    return anAnnouncement({ seq, id: `case-1#${seq}`, status, kind: status, text: `state ${seq}` });
  };
  service.next.answer = shown.answer;
  for (const { what, status: told, faults } of played)
    if (what === 'announce') await shown.announce(tell(told), faults);
    else if (what === 'minute') await shown.minute(faults);
    else person();
  const last = tell(end);
  await shown.announce(last, []);
  for (let minutes = 0; minutes < 10; minutes += 1) await shown.minute();
  expect(await shown.isShown()).toBe(true);
  return last;
}

/** The answer to the first request is lost, and the case goes on. */
const examples: [Step[], 'contained'][] = (['killed', 'lost'] as const).map((one) => [
  [{ what: 'announce', status: 'containing', faults: [one] }],
  'contained',
]);

const ends = fc.constantFrom('contained', 'containment-failed', 'closed');

it('Opsgenie has the last state of a case in an open alert until it is closed, whatever fails or is killed', async () => {
  await fc.assert(
    fc.asyncProperty(steps, ends, async (played, end) => {
      const { answer, alerts } = createOpsgenie();
      let opened = 0;
      let closedByPeople = 0;
      const isOpen = () => alerts.get('case-1')?.isOpen === true;
      const channel = connectToOpsgenie(service.url);
      const shown = openFunction(webhook, channel, (asked) => {
        const before = isOpen();
        const answered = answer(asked);
        if (!before && isOpen()) opened += 1;
        return answered;
      });
      const last = await play(played, end, shown, () => {
        const alert = alerts.get('case-1');
        if (!alert?.isOpen) return;
        alert.isOpen = false;
        closedByPeople += 1;
      });

      expect(isOpen()).toBe(end !== 'closed');
      if (end !== 'closed') expect(alerts.get('case-1')?.log.at(-1)).toContain(last.text);
      // A case pages people once, and again only after somebody closed its alert.
      expect(opened).toBeLessThanOrEqual(1 + closedByPeople);
    }),
    { numRuns: 25, examples },
  );
});

it('Teams has the last state of a case in its last card, whatever fails or is killed', async () => {
  await fc.assert(
    fc.asyncProperty(steps, ends, async (played, end) => {
      const { answer, posted } = createTeams();
      const shown = openFunction(teams, connectToTeams(service.url), answer);
      const { seq } = await play(played, end, shown, () => {});

      const told = posted.map(({ cordon }) => cordon.seq ?? 0);
      expect(told.at(-1)).toBe(seq);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
    }),
    { numRuns: 25, examples },
  );
});
