import type { DetectPorts } from '../../../functions/detect/handler';
import { thingKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';
import { fakeThings } from '../../fakes';
import { fakeDetection } from '../../fakes-detection';
import { aDetector, aReport, received } from './detector';

/** One device must not delay the others, nor end the messages in its batch. */

const flooder = 'f'.repeat(64);
let id = 0;
const nextId = () => {
  id += 1;
  return { report_id: 1_700_000_000 + id, version: '1.0' };
};
const conforming = (over = {}) => received(aReport(0, { header: nextId() }), { principal: flooder, ...over });
const violating = (over = {}) => received(aReport(1, { header: nextId() }), { principal: flooder, ...over });
const times = (count: number, make: () => ReturnType<typeof received>) => Array.from({ length: count }, make);

/** A detector with a settable clock. It notes which states it reads, and fails for some things. */
function aCounted(failing: readonly string[] = [], over: Partial<DetectPorts> = {}) {
  const time = { now };
  const loads: string[] = [];
  const { states } = fakeDetection();
  async function load(thingName: string) {
    loads.push(thingName);
    if (failing.includes(thingName)) throw new Error('the table is away');
    return await states.load(thingKey(thingName));
  }
  const detector = aDetector({}, { clock: () => time.now, states: { ...states, load }, ...over });
  return { ...detector, time, loads };
}

describe('detect, when a certificate exceeds its report limit,', () => {
  it('makes no call for the surplus, rejects it once in ten seconds, and judges the others’ reports', async () => {
    const { run, published, telemetry, alerts, time, loads } = aCounted();
    await run(...times(100, conforming));
    published.length = 0;
    loads.length = 0;

    expect(await run(...times(200, conforming), received(aReport(1), { thingName: 'mything2' }))).toEqual([]);

    expect(
      published.map(({ topic, body }) => [topic, (body as { statusDetails?: object }).statusDetails]),
    ).toEqual([
      ['cordon/things/mything1/reports/json/rejected', expect.objectContaining({ ErrorCode: 'Throttled' })],
      ['cordon/things/mything2/reports/json/accepted', undefined],
    ]);
    expect(loads).toEqual(['mything2']);
    expect(alerts).toMatchObject([{ thingName: 'mything2' }]);
    expect(telemetry.counts.ReportSetAside).toBe(200);
    expect(telemetry.lines.filter(({ message }) => message.startsWith('reports set aside'))).toHaveLength(1);

    time.now += 10_000;
    published.length = 0;
    await run(...times(100, conforming));
    expect(published.filter(({ topic }) => topic.endsWith('/rejected'))).toHaveLength(1);
    expect(published.filter(({ topic }) => topic.endsWith('/accepted'))).toHaveLength(50);
  });

  it('judges a violating report that arrives behind a flood of harmless ones', async () => {
    const { run, alerts } = aDetector();

    await run(...times(500, conforming), violating());

    expect(alerts).toMatchObject([{ thingName: 'mything1', violationEventType: 'in-alarm' }]);
  });

  it('limits a flood of violating reports as well', async () => {
    const { run, telemetry } = aDetector();

    await run(...times(300, violating));

    expect(telemetry.counts.ReportSetAside).toBe(100);
  });

  it('charges the certificate: a sender that reports for another thing uses none of that thing’s allowance', async () => {
    const { run, published } = aDetector();
    await run(...times(300, conforming));
    published.length = 0;

    await run(received(aReport(0, { header: nextId() }), { principal: 'a'.repeat(64) }));

    expect(published).toMatchObject([{ topic: 'cordon/things/mything1/reports/json/accepted' }]);
  });

  it('limits unreadable reports as well', async () => {
    const { run, published } = aDetector();

    await run(...times(300, () => received(undefined, { principal: flooder, bytes: Buffer.from('{') })));

    expect(published).toHaveLength(101);
  });

  it('sets aside as many unreadable messages as it would judge reports, and announces the flood', async () => {
    const { run, letters, told, telemetry } = aDetector();
    const unreadable = () => received(aReport(0), { principal: flooder, format: 'xml' });

    expect(await run(...times(300, unreadable))).toEqual([]);
    await run(received(aReport(0), { principal: 'a'.repeat(64), format: 'xml' }));

    expect(letters).toHaveLength(101);
    expect(telemetry.counts.ReportSetAside).toBe(200);
    expect(told).toEqual([
      ['[Cordon] too many reports for mything1', expect.stringContaining(`certificate: ${flooder}`)],
    ]);
  });

  it('sends the alert of another thing in the same batch before the table has answered for the flooding one', async () => {
    const alerted: string[] = [];
    let isAlerted: () => void = () => undefined;
    const afterAlert = new Promise<void>((resolve) => {
      isAlerted = resolve;
    });
    const { states } = fakeDetection();
    async function load(thingName: string) {
      if (thingName === 'mything1') await afterAlert;
      return await states.load(thingKey(thingName));
    }
    async function publish(alert: string) {
      alerted.push(JSON.parse(alert).thingName);
      isAlerted();
    }
    const { run } = aDetector({}, { states: { ...states, load }, alerts: { publish } });

    const other = received(aReport(1), { thingName: 'mything2', principal: 'a'.repeat(64) });
    expect(await run(...times(8, conforming), violating(), other)).toEqual([]);

    expect(alerted).toEqual(['mything2', 'mything1']);
  });

  it('looks up the groups of a thing once in a batch, and sends its alerts in parallel', async () => {
    const { things } = fakeThings();
    let asked = 0;
    const waiting: (() => void)[] = [];
    const { run } = aDetector(
      {},
      {
        things: {
          ...things,
          async listGroups() {
            asked += 1;
            return [];
          },
        },
        // The first is through once the last has begun.
        alerts: {
          publish: () =>
            new Promise((resolve) => {
              waiting.push(resolve);
              if (waiting.length === 10) for (const end of waiting) end();
            }),
        },
      },
    );

    const flapping = Array.from({ length: 5 }, (_, index) => [
      violating({ receivedAt: now + 2 * index }),
      conforming({ receivedAt: now + 2 * index + 1 }),
    ]).flat();
    await run(...flapping.map((record, index) => ({ ...record, messageId: `message-${index}` })));

    expect(waiting).toHaveLength(10);
    expect(asked).toBe(1);
  });
});

describe('detect, given messages from an earlier attempt,', () => {
  it('judges them first, one by one, the rarest sender first, and removes each finished one', async () => {
    const { run, order } = aDetector();

    await run(
      received(aReport(1), { messageId: 'new' }),
      received(aReport(1), { thingName: 'mything2', messageId: 'third', receives: 3 }),
      received(aReport(1), { thingName: 'mything3', messageId: 'second', receives: 2 }),
    );

    expect(order.filter((line) => !line.startsWith('save'))).toEqual([
      'remove handle of second',
      'alert mything2',
      'remove handle of third',
      'alert mything1',
    ]);
  });

  it('returns a message that fails, and continues if the queue is unreachable', async () => {
    const queue = { remove: () => Promise.reject(new Error('the queue is away')) };
    const { run, alerts, telemetry } = aCounted(['mything1'], { queue });

    expect(
      await run(
        received(aReport(1), { messageId: 'bad', receives: 2 }),
        received(aReport(1), { thingName: 'mything2', messageId: 'good', receives: 2 }),
      ),
    ).toEqual(['bad']);

    expect(alerts).toMatchObject([{ thingName: 'mything2' }]);
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({ message: 'message not removed before the rest of its batch' }),
    );
  });
});

describe('detect, setting reports aside,', () => {
  const by = (principal: string, thingName: string) => times(101, () => conforming({ principal, thingName }));
  const [one = '', two = '', three = '', four = '', five = ''] = 'abcde'
    .split('')
    .map((letter) => letter.repeat(64));

  it('announces once an hour which certificate floods, and for which thing', async () => {
    const { run, told, time } = aCounted();

    await run(...by(one, 'mything1'), ...by(one, 'mything1'));
    time.now += 3_599_000;
    await run(...times(400, () => conforming({ principal: one })));
    expect(told).toEqual([
      ['[Cordon] too many reports for mything1', expect.stringContaining(`certificate: ${one}\nsince: `)],
    ]);

    time.now += 601_000;
    await run(...times(400, () => conforming({ principal: one })));
    expect(told).toHaveLength(2);
    expect(told[1]?.[1]).toContain(`since: ${new Date(now).toISOString()}`);
  });

  it('announces many floods in one message', async () => {
    const { run, told } = aCounted();

    await run(...[one, two, three, four, five].flatMap((sender, index) => by(sender, `mything${index}`)));

    expect(told.map(([subject]) => subject)).toEqual([
      '[Cordon] too many reports for mything0',
      '[Cordon] too many reports for mything1',
      '[Cordon] too many reports for mything2',
      '[Cordon] many certificates send too many reports',
    ]);
    expect(told[3]?.[1]).toContain('for mything0, mything1, mything2, mything3.');
  });

  it('announces no more if one certificate uses many client ids and things', async () => {
    const { run, told } = aCounted();

    await run(...times(300, () => conforming({ clientId: `client-${id}`, thingName: `thing-${id % 20}` })));

    expect(told).toHaveLength(1);
  });

  it('announces the flood with the next report set aside if the announcement failed, and judges every report', async () => {
    let isAway = true;
    const said: string[] = [];
    async function notify(subject: string) {
      if (isAway) throw new Error('SNS is away');
      said.push(subject);
    }
    const { run, telemetry, time } = aCounted([], { operations: { notify } });

    expect(await run(...by(one, 'mything1'))).toEqual([]);
    expect(telemetry.lines.map(({ message }) => message)).toContain('a flood of reports was not announced');
    isAway = false;
    time.now += 3_600_000;
    await run(...times(400, () => conforming({ principal: one })));

    expect(said).toEqual(['[Cordon] too many reports for mything1']);
  });

  it('shows text from the device as plain text', async () => {
    const { run, told } = aCounted();

    await run(...times(101, () => conforming({ clientId: 'a\nsince: never\u202e' })));

    expect(told[0]?.[1]).toContain('client id: a\uFFFDsince: never\uFFFD\n');
  });

  it('judges last what its sender began and never finished, and continues if nothing can be recorded', async () => {
    const begun = ['f'.repeat(64)];
    const noted: string[] = [];
    const unfinished = {
      count: async (sender: string) => (begun.includes(sender) ? 1 : 0),
      begin: async (_sender: string, messageId: string) => void noted.push(`begin ${messageId}`),
      end: () => Promise.reject(new Error('the table is away')),
    };
    const { run, order, telemetry } = aDetector({}, { unfinished });

    await run(
      received(aReport(1), { messageId: 'bad', receives: 2, principal: flooder }),
      received(aReport(1), { thingName: 'mything2', messageId: 'good', receives: 3 }),
      received(aReport(0), { thingName: 'mything3', messageId: 'new' }),
      received(aReport(0), { thingName: 'mything4', messageId: 'new of bad', principal: flooder }),
    );

    expect(order.filter((line) => line.startsWith('remove'))).toEqual([
      'remove handle of good',
      'remove handle of new',
      'remove handle of new of bad',
      'remove handle of bad',
    ]);
    expect(noted).toEqual(['begin good', 'begin new of bad', 'begin bad']);
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({ message: 'the unfinished messages of a sender can’t be read or written' }),
    );
  });
});
