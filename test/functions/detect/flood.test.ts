import type { DetectPorts } from '../../../functions/detect/handler';
import { thingKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';
import { fakeThings } from '../../fakes';
import { fakeDetection } from '../../fakes-detection';
import { aDetector, aReport, received } from './detector';

/** One device must not hold up the others, nor end what came with its messages. */

const flooder = 'f'.repeat(64);
let id = 0;
const nextId = () => {
  id += 1;
  return { report_id: 1_700_000_000 + id, version: '1.0' };
};
const conforming = (over = {}) => received(aReport(0, { header: nextId() }), { principal: flooder, ...over });
const violating = (over = {}) => received(aReport(1, { header: nextId() }), { principal: flooder, ...over });
const times = (count: number, make: () => ReturnType<typeof received>) => Array.from({ length: count }, make);

/** A detector with a clock to turn, that notes which states it reads, and fails for some. */
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

describe('detect, of more reports of one certificate than it may send', () => {
  it('reads and answers nothing for the surplus, tells the sender once in ten seconds, and judges the others', async () => {
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

  it('judges a report out of bounds behind a flood of harmless ones', async () => {
    const { run, alerts } = aDetector();

    await run(...times(500, conforming), violating());

    expect(alerts).toMatchObject([{ thingName: 'mything1', violationEventType: 'in-alarm' }]);
  });

  it('bounds a flood of reports out of bounds as well', async () => {
    const { run, telemetry } = aDetector();

    await run(...times(300, violating));

    expect(telemetry.counts.ReportSetAside).toBe(100);
  });

  it('charges the certificate: who reports for another uses up nothing of its', async () => {
    const { run, published } = aDetector();
    await run(...times(300, conforming));
    published.length = 0;

    await run(received(aReport(0, { header: nextId() }), { principal: 'a'.repeat(64) }));

    expect(published).toMatchObject([{ topic: 'cordon/things/mything1/reports/json/accepted' }]);
  });

  it('bounds reports that can’t be read, too', async () => {
    const { run, published } = aDetector();

    await run(...times(300, () => received(undefined, { principal: flooder, bytes: Buffer.from('{') })));

    expect(published).toHaveLength(101);
  });

  it('keeps for people as many messages that nobody can read as it judges reports, and tells of the flood', async () => {
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

  it('alerts of another thing in the same batch before the table has answered for the one that floods', async () => {
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

  it('asks for the groups of a thing once in a batch, and sends its alerts side by side', async () => {
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

describe('detect, of messages that came before', () => {
  it('judges them first, one by one, the rarest first, and removes each that is done', async () => {
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

  it('returns one that fails, and goes on where the queue can’t be reached', async () => {
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

describe('people, when reports are set aside', () => {
  const by = (principal: string, thingName: string) => times(101, () => conforming({ principal, thingName }));
  const [one = '', two = '', three = '', four = '', five = ''] = 'abcde'
    .split('')
    .map((letter) => letter.repeat(64));

  it('are told once an hour which certificate floods, for which thing', async () => {
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

  it('are told of many at once in one message', async () => {
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

  it('get no more messages the more client ids and things one certificate takes', async () => {
    const { run, told } = aCounted();

    await run(...times(300, () => conforming({ clientId: `client-${id}`, thingName: `thing-${id % 20}` })));

    expect(told).toHaveLength(1);
  });

  it('are told with the next report set aside where that failed, and every report is judged', async () => {
    let isAway = true;
    const said: string[] = [];
    async function tell(subject: string) {
      if (isAway) throw new Error('SNS is away');
      said.push(subject);
    }
    const { run, telemetry, time } = aCounted([], { operations: { notify: tell } });

    expect(await run(...by(one, 'mything1'))).toEqual([]);
    expect(telemetry.lines.map(({ message }) => message)).toContain(
      'people were not told of a flood of reports',
    );
    isAway = false;
    time.now += 3_600_000;
    await run(...times(400, () => conforming({ principal: one })));

    expect(said).toEqual(['[Cordon] too many reports for mything1']);
  });

  it('read text of the device as text', async () => {
    const { run, told } = aCounted();

    await run(...times(101, () => conforming({ clientId: 'a\nsince: never\u202e' })));

    expect(told[0]?.[1]).toContain('client id: a\uFFFDsince: never\uFFFD\n');
  });

  it('judges last what its sender had begun and never done, and goes on where nothing can be noted', async () => {
    const begun = ['f'.repeat(64)];
    const noted: string[] = [];
    const suspects = {
      count: async (sender: string) => (begun.includes(sender) ? 1 : 0),
      begin: async (_sender: string, messageId: string) => void noted.push(`begin ${messageId}`),
      end: () => Promise.reject(new Error('the table is away')),
    };
    const { run, order, telemetry } = aDetector({}, { suspects });

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
      expect.objectContaining({ message: 'messages that may end the function can’t be told from others' }),
    );
  });
});
