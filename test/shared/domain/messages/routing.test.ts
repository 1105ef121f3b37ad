import fc from 'fast-check';
import {
  type Hours,
  isWithin,
  mayTake,
  type Route,
  readClock,
  routeMessage,
} from '../../../../shared/domain/messages/routing';

const message = { severity: 'critical', status: 'contained', playbook: 'spawned-child' };
const office: Hours = { from: 480, to: 1_080, days: [0, 1, 2, 3, 4], timeZone: 'Europe/Berlin' };
const at = (text: string) => Date.parse(text);

const anyHours: fc.Arbitrary<Hours> = fc.record({
  from: fc.nat(1_439),
  to: fc.nat(1_440),
  days: fc.uniqueArray(fc.nat(6), { minLength: 1 }),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia'),
});
const anyRoute: fc.Arbitrary<Route> = fc.record(
  {
    severity: fc.subarray(['critical', 'high', 'low'], { minLength: 1 }),
    playbook: fc.subarray(['spawned-child', 'other'], { minLength: 1 }),
    status: fc.subarray(['contained', 'observed', 'closed'], { minLength: 1 }),
    hours: anyHours,
    to: fc.subarray(['slack', 'email', 'pagerduty']),
  },
  { requiredKeys: ['to'] },
);
const anyTime = fc.integer({ min: at('2026-01-01'), max: at('2030-01-01') });

describe('a message', () => {
  const routes: Route[] = [
    { severity: ['critical'], hours: office, to: ['slack'] },
    { severity: ['critical'], to: ['pagerduty'] },
    { to: ['email'] },
  ];

  it.each([
    ['in office hours', message, '2026-11-30T08:00:00+01:00', ['slack']],
    ['at the last minute of them', message, '2026-11-30T17:59:59+01:00', ['slack']],
    ['at their end', message, '2026-11-30T18:00:00+01:00', ['pagerduty']],
    ['at the weekend', message, '2026-11-29T12:00:00+01:00', ['pagerduty']],
    ['in summer time', message, '2026-07-01T06:30:00Z', ['slack']],
    ['at the same time of day of UTC in winter', message, '2026-12-01T06:30:00Z', ['pagerduty']],
    ['of another severity', { ...message, severity: 'low' }, '2026-11-30T08:00:00+01:00', ['email']],
  ])('%s goes where the first route that applies says', (_, told, time, channels) => {
    expect(routeMessage(told, at(time), routes)).toEqual(channels);
  });

  it('also goes to each channel that showed the case before, at any hour', () => {
    const night = at('2026-11-30T20:00:00+01:00');

    expect(routeMessage(message, night, routes, ['slack'])).toEqual(['slack', 'pagerduty']);
    expect(routeMessage({ ...message, status: 'closed' }, night, [{ to: [] }], ['slack'])).toEqual(['slack']);
  });

  it('of no playbook is for no route that names one', () => {
    expect(mayTake({ playbook: ['spawned-child'], to: [] }, { severity: 'high', status: 'drift' })).toBe(
      false,
    );
  });

  it('goes to exactly the first route whose conditions hold, and loses no earlier channel', () => {
    fc.assert(
      fc.property(fc.array(anyRoute), anyTime, fc.subarray(['slack', 'teams']), (listed, time, before) => {
        const holds = ({ severity, playbook, status, hours }: Route) =>
          (severity?.includes(message.severity) ?? true) &&
          (playbook?.includes(message.playbook) ?? true) &&
          (status?.includes(message.status) ?? true) &&
          (!hours || isWithin(hours, readClock(hours.timeZone, time)));
        const expected = new Set([...before, ...(listed.find(holds)?.to ?? [])]);

        const channels = routeMessage(message, time, listed, before);

        expect(new Set(channels)).toEqual(expected);
        expect(channels).toHaveLength(expected.size);
      }),
    );
  });
});

describe('hours', () => {
  it('over midnight belong to the day on which they start', () => {
    const night = { ...office, from: 1_320, to: 360, days: [6] };

    expect(isWithin(night, 6 * 1_440 + 1_400)).toBe(true);
    expect(isWithin(night, 100)).toBe(true);
    expect(isWithin(night, 5 * 1_440 + 1_400)).toBe(false);
    expect(isWithin(night, 6 * 1_440 + 100)).toBe(false);
  });

  it('and those from their end to their start are the whole day, at each minute exactly one of them', () => {
    fc.assert(
      fc.property(anyHours, fc.nat(7 * 1_440 - 1), (hours, minute) => {
        fc.pre(hours.from !== hours.to % 1_440);
        const all = { ...hours, days: [0, 1, 2, 3, 4, 5, 6] };

        expect(isWithin(all, minute)).not.toBe(
          isWithin({ ...all, from: all.to % 1_440, to: all.from }, minute),
        );
      }),
    );
  });

  it('go with the clocks of a time zone, which skip an hour in spring and show one twice in autumn', () => {
    const at = (time: string) => readClock('Europe/Berlin', Date.parse(time)) - 6 * 1_440;

    expect([at('2026-03-29T00:59:00Z'), at('2026-03-29T01:00:00Z')]).toEqual([119, 180]);
    expect([at('2026-10-25T00:30:00Z'), at('2026-10-25T01:30:00Z')]).toEqual([150, 150]);
  });

  it('go by the clocks of their time zone', () => {
    fc.assert(
      fc.property(anyTime, (time) => {
        const date = new Date(time);
        const expected =
          ((date.getUTCDay() + 6) % 7) * 1_440 + date.getUTCHours() * 60 + date.getUTCMinutes();

        expect(readClock('UTC', time)).toBe(expected);
        expect((readClock('Asia/Kathmandu', time) - expected + 7 * 1_440) % (7 * 1_440)).toBe(345);
      }),
    );
  });
});
