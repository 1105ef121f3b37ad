import { stringify } from 'yaml';
import { readRecording } from '../../../cli/replay/recording';
import type { Case } from '../../../shared/domain/case/case';
import { type AlertToWrite, writeAlert } from '../../../shared/domain/findings/alert';
import { writeHeartbeat } from '../../../shared/domain/findings/heartbeat';
import { recallCases } from '../../../shared/replay/recording';
import { aViolation, now, someFacts } from '../../builders';
import { measureProcessorSeconds } from '../../processor-time';
import { aContainedCase, advance, alarm, aReleasedCase } from '../stored-cases';

const behavior = {
  name: 'no-child-processes',
  metric: 'num_child_procs_myapp',
  criteria: {
    comparisonOperator: 'less-than-equals',
    value: { number: 0 },
    consecutiveDatapointsToAlarm: 1,
    consecutiveDatapointsToClear: 1,
  },
  suppressAlerts: false,
} as const;

function anAlert(over: Partial<AlertToWrite> = {}): string {
  return writeAlert({
    violationId: 'v1',
    thingName: 'mything1',
    securityProfileName: 'myapp-processes',
    eventType: 'in-alarm',
    occurredAt: now,
    behavior,
    value: { number: 1 },
    ...over,
  });
}

const read = (text: string) => readRecording(text, () => {});
const timesOf = (text: string) => read(text).violations.map(({ occurredAt }) => occurredAt);
const envelope = (Message: string) => JSON.stringify({ Type: 'Notification', MessageId: '1', Message });
const [first, second, third] = [now, now + 1, now + 2].map((occurredAt) => anAlert({ occurredAt }));

describe('a file of alerts', () => {
  it('leaves out heartbeats, which are no alerts', () => {
    const { violations, ignored, rejected } = read(`${writeHeartbeat(now)}\n${anAlert()}`);

    expect(violations.map(({ thingName }) => thingName)).toEqual(['mything1']);
    expect([ignored, rejected]).toEqual([1, []]);
  });

  it.each([
    ['one a line, in any order', [third, first, second].join('\n')],
    [
      'lines of Windows, blank ones among them, with a byte order mark',
      `\uFEFF${first}\r\n\r\n${second}\r\n  \n${third}\r\n`,
    ],
    ['in their SNS envelope, or not', [envelope(first ?? ''), second, envelope(third ?? '')].join('\n')],
    ['a JSON array of objects', `[${[third, second, first].join(',\n')}]`],
    ['a JSON array of bodies as text', JSON.stringify([first, envelope(second ?? ''), third])],
  ])('is read in order of time: %s', (_, text) => {
    const recording = read(text);

    expect(recording.violations.map(({ occurredAt }) => occurredAt)).toEqual([now, now + 1, now + 2]);
    expect({ ...recording, violations: [] }).toEqual({
      violations: [],
      facts: new Map(),
      rejected: [],
      ignored: 0,
      notes: [],
    });
  });

  it.each([
    ['seconds with a fraction, as version 1 prints', (ms: number) => ms / 1_000],
    [
      'ISO 8601 with microseconds, as version 2 prints',
      (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}000+00:00`,
    ],
    [
      'ISO 8601 in another zone',
      (ms: number) => `${new Date(ms + 7_200_000).toISOString().slice(0, -1)}+02:00`,
    ],
  ])('may be what list-violation-events of the AWS CLI printed: %s', (_, write) => {
    const event = (violationEventTime: number, over: object = {}) => ({
      ...JSON.parse(first ?? ''),
      cordon: undefined,
      verificationState: 'UNKNOWN',
      violationEventTime: write(violationEventTime),
      ...over,
    });
    const invalidated = event(now + 1, { violationEventType: 'alarm-invalidated', metricValue: undefined });
    const document = { violationEvents: [invalidated, event(now)], NextToken: 'more' };

    for (const text of [JSON.stringify(document, null, 4), `${JSON.stringify(document)}\n`]) {
      const { violations, rejected, notes } = read(text);

      expect(violations.map(({ eventType, occurredAt }) => [eventType, occurredAt])).toEqual([
        ['in-alarm', now],
        ['alarm-invalidated', now + 1],
      ]);
      expect([rejected, notes]).toEqual([
        [],
        ['item 1 ends with a NextToken: the file does not have all events'],
      ]);
    }
    expect(timesOf(JSON.stringify(document.violationEvents))).toEqual([now, now + 1]);
    expect(timesOf(document.violationEvents.map((one) => JSON.stringify(one)).join('\n'))).toEqual([
      now,
      now + 1,
    ]);
  });

  const listed = (time: number) => ({ ...JSON.parse(first ?? ''), violationEventTime: time / 1_000 });
  const pages = [
    { violationEvents: [listed(now)], nextToken: 'more' },
    { violationEvents: [listed(now + 1_000)] },
  ];

  it.each([
    ['one after the other', pages.map((page) => JSON.stringify(page, null, 4)).join('\n')],
    ['one a line', pages.map((page) => JSON.stringify(page)).join('\n')],
    ['on one line', pages.map((page) => JSON.stringify(page)).join('')],
    ['in an array', JSON.stringify(pages, null, 2)],
    [
      'with the line ends of Windows',
      pages
        .map((page) => JSON.stringify(page, null, 4))
        .join('\n')
        .replaceAll('\n', '\r\n'),
    ],
  ])('may be several pages of it, %s, of which only the last can end too early', (_, text) => {
    const { violations, rejected, notes } = read(text);

    expect(violations.map(({ occurredAt }) => occurredAt)).toEqual([now, now + 1_000]);
    expect([rejected, notes]).toEqual([[], []]);
  });

  it.each([
    [
      'yaml',
      stringify({ violationEvents: [{ ...listed(now), violationEventTime: new Date(now).toISOString() }] }),
    ],
    ['yaml-stream', stringify(pages.slice(0, 1).map(({ violationEvents }) => ({ violationEvents })))],
  ])('may be the output %s of the AWS CLI', (_, text) => {
    expect(timesOf(text)).toEqual([now]);
  });

  it.each([
    ['text', 'VIOLATIONEVENTS\tNone\tmything1\tmyapp-processes\nBEHAVIOR\tnum_child_procs_myapp\n'],
    ['table', `${'-'.repeat(40)}\n|  ListViolationEvents  |\n`],
  ])('can not be the output %s of the AWS CLI, and the error says what to print instead', (_, text) => {
    expect(() => read(text)).toThrow('print it with --output json');
  });

  it('names the entry of such a document that is no event', () => {
    const text = JSON.stringify({
      violationEvents: [JSON.parse(first ?? ''), { violationEventTime: 'soon' }, 3],
    });

    expect(read(text).rejected).toEqual([
      { where: 'item 1, event 2', reason: expect.stringContaining('violationId is missing') },
      { where: 'item 1, event 3', reason: 'not a JSON object' },
    ]);
  });

  it('may be one alert over several lines', () => {
    expect(timesOf(JSON.stringify(JSON.parse(anAlert()), null, 2))).toEqual([now]);
  });

  it('keeps the order of what happened at the same time', () => {
    const text = [anAlert({ violationId: 'a' }), anAlert({ violationId: 'b' })].join('\n');

    expect(read(text).violations.map(({ violationId }) => violationId)).toEqual(['a', 'b']);
  });

  it('is read except for its rejected lines, which are named with their reason', () => {
    const lines = [
      'not JSON',
      anAlert(),
      '[1]',
      JSON.stringify({ auditDetails: [] }),
      '',
      anAlert({ thingName: 'a/b' }),
      '{"x":1}',
      anAlert({ occurredAt: -1 }),
      `${'['.repeat(100_000)}`,
    ];
    const { violations, rejected, ignored } = read(lines.join('\n'));

    expect(violations.length).toBe(1);
    expect(ignored).toBe(1);
    expect(rejected).toEqual([
      { where: 'line 1', reason: 'not JSON' },
      { where: 'line 3', reason: 'not a JSON object' },
      { where: 'line 6', reason: expect.stringMatching(/^thingName: /) },
      { where: 'line 7', reason: expect.stringContaining('violationId is missing') },
      { where: 'line 8', reason: expect.stringMatching(/^violationEventTime: /) },
      { where: 'line 9', reason: 'nested too deep' },
    ]);
  });

  const deep = (levels: number) => `{"violationEventTime":1,"x":${'['.repeat(levels)}${']'.repeat(levels)}}`;

  it.each([65, 100_000])('is read except for an item or an event that nests %d levels deep', (levels) => {
    const events = `{"violationEvents":[${JSON.stringify(listed(now))},${deep(levels)}]}`;

    expect(read(`[${anAlert()},${deep(levels)},${'['.repeat(levels)}${']'.repeat(levels)}]`)).toMatchObject({
      violations: [{ thingName: 'mything1' }],
      rejected: [
        { where: 'item 2', reason: 'nested too deep' },
        { where: 'item 3', reason: 'nested too deep' },
      ],
    });
    for (const text of [events, `${events}${events}`])
      expect(read(text).rejected[0]).toEqual({ where: 'item 1, event 2', reason: 'nested too deep' });
  });

  it.each([
    ['nests too deep', `violationEvents: ${'['.repeat(100_000)}`, /^line 1 nests more than 50 levels deep$/],
    [
      'has keys that are collections of such',
      `violationEvents:\n  ${'? '.repeat(100)}a`,
      /^line 2 nests more/,
    ],
    ['is broken', 'violationEvents:\n  - a: [', /^is not the YAML that the AWS CLI prints: .* at line 2/],
    [
      'repeats itself without end',
      `violationEvents:\n  - &a [1,1,1,1,1,1,1,1,1,1]\n  - &b [${'*a,'.repeat(20)}]\n  - [${'*b,'.repeat(20)}]`,
      /^is not the YAML that the AWS CLI prints: Excessive alias count/,
    ],
  ])('is refused in one line if its YAML %s', (_, text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ name: 'CliError', message: expect.stringMatching(message) }),
    );
    expect(() => read(text)).not.toThrow(/\n/);
  });

  it('is read or refused at once, however many keys its YAML has', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `    k${index}: 1`).join('\n');
    const text = `violationEvents:\n  - violationEventTime: 1\n${keys}`;

    const seconds = measureProcessorSeconds(() => {
      expect(read(text).rejected).toHaveLength(1);
      expect(() => read(`${text}\n    k9: 2`)).toThrow(/Map keys must be unique at line 20003$/);
    });

    expect(seconds).toBeLessThan(5);
  });

  it('is refused at once if it is cut off in a string, however many quotes that has', () => {
    const seconds = measureProcessorSeconds(() => {
      expect(() => read(`[\n"${'\\"'.repeat(100_000)}`)).toThrow(/^begins like a JSON array/);
    });

    expect(seconds).toBeLessThan(2);
  });

  it('has an event that holds itself rejected', () => {
    expect(read('violationEvents:\n  - &a { violationEventTime: 1, x: [*a, *a] }').rejected).toEqual([
      { where: 'item 1, event 1', reason: 'nested too deep' },
    ]);
  });

  it('has the items of an array counted, not its lines', () => {
    expect(read(`[\n\n${anAlert()},\n7]`).rejected).toEqual([
      { where: 'item 2', reason: 'not a JSON object' },
    ]);
  });

  it('is refused if an array is cut off, since no line of it could be read', () => {
    expect(() => read(`[\n${anAlert()},\n{"violationId"`)).toThrow(
      /^begins like a JSON array, but is not one: /,
    );
  });

  it('may hold nothing', () => {
    expect(read('')).toEqual({ violations: [], facts: new Map(), rejected: [], ignored: 0, notes: [] });
    expect(read('[]').violations).toEqual([]);
  });
});

describe("the table's cases", () => {
  const release = { by: 'operator' } as const;

  it('are turned back into alarms, each of its newest case only, with the recorded facts of the thing', () => {
    const old = aReleasedCase().record;
    const again = advance(old, alarm({ occurredAt: now + 90_000, value: { number: 3 } }), {
      now: now + 90_010,
      newCaseId: 'case-2',
      facts: someFacts({ groups: ['lab'] }),
    });

    expect(recallCases([again, old], now - 1_000)).toEqual({
      violations: [aViolation(), aViolation({ occurredAt: now + 90_000, value: { number: 3 } })],
      facts: new Map([['mything1', someFacts({ groups: ['lab'] })]]),
      rejected: [],
      ignored: 0,
      notes: [expect.stringMatching('newest alarm'), expect.stringMatching('newest case')],
    });
  });

  it('count once if a closed case is in the table twice', () => {
    const { record } = aReleasedCase();

    expect(recallCases([record, { ...record, updatedAt: 0 }], 0).violations).toEqual([aViolation()]);
  });

  it('end as they ended, and keep how sure ML was and who reported', () => {
    const told = { confidence: 'HIGH', reporter: { clientId: 'c', principal: 'p' } } as const;
    const { record } = aContainedCase(told, { facts: someFacts() });
    const [key, violation] = Object.entries(record.violations)[0] ?? [];
    const cleared: Case = {
      ...record,
      release,
      violations: {
        [String(key)]: { ...violation, lastEventType: 'alarm-cleared', lastEventAt: now + 5 } as never,
      },
    };

    expect(recallCases([cleared], 0).violations).toEqual([
      aViolation(told),
      aViolation({ ...told, eventType: 'alarm-cleared', occurredAt: now + 5 }),
    ]);
  });

  it('leave out what happened before the time asked for', () => {
    expect(recallCases([aContainedCase().record], now).violations).toEqual([]);
  });
});
