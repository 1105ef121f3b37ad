import { explainConfiguration } from '../../../shared/config/explain';
import { parseConfiguration } from '../../../shared/config/parse';
import { minimalConfiguration } from '../../builders';

const parse = (
  routes: string,
  channels = 'slack: { channel: "#x" }, email: [soc@factory.io], eventbridge: {}',
) =>
  parseConfiguration(`${minimalConfiguration}notify: { ${channels}, routes: [${routes}] }\n`, 'cordon.yml');

function faultOf(routes: string, channels?: string): string {
  try {
    parse(routes, channels);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

const hours = 'from: "08:00", to: "18:00", days: [mon-fri], timeZone: Europe/Berlin';
const night = 'from: "18:00", to: "08:00", timeZone: Europe/Berlin';
const day = 'from: "08:00", to: "18:00", timeZone: Europe/Berlin';

describe('the routes of cordon.yml', () => {
  it.each([
    ['a route for all', '{ to: [slack, email] }'],
    ['hours, and a route for the rest', `{ hours: { ${hours} }, to: [slack] }, { to: [email] }`],
    [
      'hours that together are the week',
      `{ hours: { ${day} }, to: [slack] }, { hours: { ${night} }, to: [email] }`,
    ],
    ['nobody for what needs nobody', '{ status: [observed, closed], to: [] }, { to: [slack] }'],
    [
      'lists and single values',
      '{ severity: [critical, high], status: contained, playbook: spawned-child, to: [email] }, { to: [slack] }',
    ],
  ])('may have %s', (_, routes) => {
    expect(faultOf(routes)).toBe('none');
  });

  it.each([
    [
      'a channel that notify does not name',
      '{ to: [teams] }',
      /routes\.0\.to\.0: teams is no channel of notify, which has slack, email/,
    ],
    [
      'a channel for systems',
      '{ to: [slack, eventbridge] }',
      /eventbridge is for other systems and takes every message: leave it out/,
    ],
    [
      'a playbook that is none',
      '{ playbook: x, to: [slack] }, { to: [slack] }',
      /there is no playbook x, only spawned-child/,
    ],
    ['a status that is none', '{ status: open, to: [slack] }', /routes\.0\.status/],
    [
      'a severity left out',
      '{ severity: [critical, high, medium], to: [slack] }',
      /notify\.routes: no route takes a message of severity low in the status containment-failed: end the list with a route that has only to/,
    ],
    [
      'cases without a playbook left out',
      '{ playbook: spawned-child, to: [slack] }',
      /no route takes a message of severity critical in the status containment-failed: /,
    ],
    [
      'the night left out',
      `{ hours: { ${hours} }, to: [slack] }`,
      /no route takes a message .* at all hours: end the list/,
    ],
    [
      'nights of another time zone',
      `{ hours: { ${day} }, to: [slack] }, { hours: { from: "18:00", to: "08:00", timeZone: UTC }, to: [email] }`,
      /at all hours/,
    ],
    [
      'nobody for a failed containment',
      '{ to: [] }',
      /routes\.0\.to: a message of severity critical in the status containment-failed would reach nobody/,
    ],
    [
      'nobody for approvals at night',
      `{ hours: { ${night} }, status: awaiting-approval, to: [] }, { to: [slack] }`,
      /in the status awaiting-approval would reach nobody/,
    ],
    [
      'a route that no message gets to',
      '{ to: [slack] }, { severity: low, to: [email] }',
      /routes\.1: no message gets here/,
    ],
    [
      'a time that is none',
      '{ hours: { from: "8:00", to: "18:00", timeZone: UTC }, to: [slack] }, { to: [slack] }',
      /expected a time such as "08:00", in quotation marks/,
    ],
    [
      'a time zone that is none',
      '{ hours: { from: "08:00", to: "18:00", timeZone: Berlin }, to: [slack] }, { to: [slack] }',
      /expected a time zone such as Europe\/Berlin/,
    ],
    [
      'a day that is none',
      '{ hours: { from: "08:00", to: "18:00", days: [weekdays], timeZone: UTC }, to: [slack] }, { to: [slack] }',
      /expected a day such as sat, or days such as mon-fri/,
    ],
    [
      'hours of no length',
      '{ hours: { from: "08:00", to: "08:00", timeZone: UTC }, to: [slack] }, { to: [slack] }',
      /leave out hours for the whole day/,
    ],
    ['no route at all', '', /notify\.routes/],
  ])('are refused with %s', (_, routes, fault) => {
    expect(faultOf(routes)).toMatch(fault);
  });

  it('read days that go over the end of the week', () => {
    const written = parse(
      `{ hours: { from: "08:00", to: "24:00", days: [sat-mon, wed], timeZone: UTC }, to: [slack] }, { to: [email] }`,
    );

    expect(written.notify.routes?.[0]?.hours).toEqual({
      from: 480,
      to: 1_440,
      days: [0, 2, 5, 6],
      timeZone: 'UTC',
    });
  });

  const explain = (notify: string) =>
    explainConfiguration(
      parseConfiguration(
        `${minimalConfiguration}notify:\n  slack: { channel: "#ot" }\n  teams: {}\n${notify}`,
        'cordon.yml',
      ),
    ).split('\n');

  it('name the cases that reach nobody, and the channel or digest that reaches nobody', () => {
    const lines = explain(`  digest: { every: 15m }
  routes:
    - { status: [observed], to: [] }
    - { severity: [low, medium], status: closed, to: [] }
    - { to: [slack] }
`);

    for (const line of [
      'No channel shows cases that are observed',
      'No channel shows medium or low cases that are closed',
      'Warning: notify.routes: no route names teams, so it shows nothing: name it, or leave it out of notify',
      'Warning: notify.digest: no route takes observed cases anywhere, so no digest is published',
    ])
      expect(lines).toContain(line);
  });

  it.each([
    [
      '',
      [
        'Cases that are only recorded: one message for all of them, every hour',
        'Storms: one message for all cases, once more than 5 things have a new one of the same behavior within 10 minutes',
      ],
    ],
    [
      '  digest: off\n  storm: off\n',
      ['Cases that are only recorded: a message for each', 'Storms: a message for each case, however many'],
    ],
  ])('stand beside what comes in one message, and what comes again: %j', (notify, told) => {
    const lines = explain(notify);

    for (const line of told) expect(lines).toContain(line);
    expect(lines).toContain(
      'A failed containment that nobody takes: announced again after 15 minutes, 5 times at growing intervals',
    );
    expect(lines.filter((line) => /^Nobody is told|no route/.test(line))).toEqual([]);
  });

  it('are explained in words', () => {
    const lines = explainConfiguration(
      parse(
        `{ severity: [critical, high], hours: { ${hours} }, to: [slack] }, { hours: { ${night} }, status: observed, to: [] }, { playbook: spawned-child, to: [slack, email] }, { to: [email] }`,
      ),
    ).split('\n');
    const start = lines.findIndex((line) => line.startsWith('Announcements go to'));

    expect(lines.slice(start, start + 6)).toEqual([
      'Announcements go to the first of these that applies, and to each channel that showed the case before:',
      '  1. critical or high, 08:00 to 18:00 (Europe/Berlin), Monday, Tuesday, Wednesday, Thursday, Friday: Slack #x',
      '  2. observed, 18:00 to 08:00 of the next day (Europe/Berlin), every day: nobody',
      '  3. playbook spawned-child: Slack #x, soc@factory.io',
      '  4. everything else: soc@factory.io',
      'All of them, at any time, go to: EventBridge bus default',
    ]);
  });
});
