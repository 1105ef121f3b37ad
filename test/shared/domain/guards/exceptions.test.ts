import type { Case } from '../../../../shared/domain/case/case';
import type { Playbook } from '../../../../shared/domain/configuration';
import type { Evidence, Violation } from '../../../../shared/domain/findings/violation';
import { findExceptions } from '../../../../shared/domain/guards/exceptions';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { aConfiguration, aContext, aPlaybook, aViolation, decide, now } from '../../../builders';
import { actionsOf, alarm, lead, led, order, resume, toldOf } from '../lead-case';

const metric = 'num_child_procs_myapp';
const unless: Playbook['unless'] = [
  { executable: '/usr/bin/curl', arguments: ['-fsS', 'https://updates.example.com/check'] },
  { executable: '/usr/bin/ntpdate' },
];
const reporter = { clientId: 'mything1-cordon', principal: 'a'.repeat(64) };

const curl = (over: Partial<Evidence> = {}): Evidence => ({
  metric,
  pid: 11,
  executable: '/usr/bin/curl',
  commandLine: 'curl -fsS https://updates.example.com/check',
  argumentCount: 2,
  ...over,
});
const ntpdate: Evidence = {
  metric,
  pid: 12,
  executable: '/usr/bin/ntpdate',
  commandLine: 'ntpdate a b',
  argumentCount: 2,
};

const find = (evidence: readonly Evidence[], over: Partial<Violation> = {}) =>
  findExceptions(unless, { ...aViolation(), evidence, ...over });

describe('the exceptions of a playbook', () => {
  it('apply by name if each child is an exception', () => {
    expect(find([curl()])).toEqual(['/usr/bin/curl -fsS https://updates.example.com/check']);
    expect(find([curl(), ntpdate], { value: { number: 2 } })).toEqual([
      '/usr/bin/curl -fsS https://updates.example.com/check',
      '/usr/bin/ntpdate (any arguments)',
    ]);
  });

  it.each<[string, readonly Evidence[], Partial<Violation>]>([
    ['there is no evidence', [], {}],
    ['another child is none', [curl(), { ...ntpdate, executable: '/usr/bin/nc' }], { value: { number: 2 } }],
    ['there are more children than the evidence has', [curl()], { value: { number: 2 } }],
    ['the evidence was cut', [curl()], { isPartial: true }],
    ['there may have been more rows', Array.from({ length: 10 }, (_, pid) => curl({ pid })), {}],
    ['the evidence is of another metric', [curl({ metric: 'num_child_procs_other' })], {}],
    [
      'the agent does not vouch for the file',
      [{ metric, executable: '/usr/bin/curl', commandLine: curl().commandLine ?? '' }],
      {},
    ],
    ['the file has another path', [curl({ executable: '/tmp/usr/bin/curl' })], {}],
    ['it has the name alone', [curl({ executable: 'curl' })], {}],
    ['an argument is missing', [curl({ commandLine: 'curl -fsS', argumentCount: 1 })], {}],
    ['an argument is another one', [curl({ commandLine: 'curl -fsS https://evil.example.com/' })], {}],
    ['two arguments are one with a space', [curl({ argumentCount: 1 })], {}],
    [
      'its own name has the arguments',
      [curl({ commandLine: 'curl -o /x -fsS https://updates.example.com/check', argumentCount: 2 })],
      {},
    ],
    [
      'a child ended before it could be read',
      [curl(), { metric, executable: '', commandLine: '(exited before it could be read)' }],
      {},
    ],
    ['there is no value', [curl()], { value: { ports: [1] } }],
    ['an ended alarm has none', [curl()], { value: {} }],
  ])('do not apply if %s', (_, evidence, over) => {
    expect(find(evidence, over)).toBeUndefined();
  });

  it('apply to the names of children only as far as the evidence shows them', () => {
    const names = { metric: 'child_names_myapp', value: { strings: ['curl'] } };

    expect(find([curl()], names)).toHaveLength(1);
    expect(find([curl()], { ...names, value: { strings: ['curl', 'sh'] } })).toBeUndefined();
    expect(find([curl(), { ...ntpdate, executable: '/bin/sh' }], names)).toBeUndefined();
    const many = Array.from({ length: 20 }, () => 'curl');
    expect(find([curl()], { ...names, value: { strings: many } })).toBeUndefined();
  });

  it('accept * for any one argument', () => {
    const any = [{ executable: '/usr/bin/curl', arguments: ['-fsS', '*'] }];

    expect(findExceptions(any, { ...aViolation(), evidence: [curl()] })).toEqual(['/usr/bin/curl -fsS *']);
  });
});

describe('a violation that a playbook excepts', () => {
  const configuration = aConfiguration({ playbooks: [aPlaybook({ unless })] });
  const excepted = { evidence: [curl()], reporter };
  /** The case after an alert, which may change nothing. */
  const take = (record: Case | undefined, alert: ReturnType<typeof alarm>): Case | undefined =>
    decide(record, alert, aContext({ configuration })).outcome === 'changed'
      ? led(record, alert, { configuration })
      : record;

  it('is recorded and announced under the name of the exception, without an action', () => {
    const record = lead(undefined, alarm(excepted), { configuration });

    expect(describeCase(record)).toMatchObject({
      status: 'observed',
      reason: 'playbook spawned-child excepts it: /usr/bin/curl -fsS https://updates.example.com/check',
      ledger: [],
    });
    expect(toldOf(record)).toEqual(['observed']);
    expect(describeCase(record).outbox.timeline.at(-1)?.detail).toContain('excepts it: /usr/bin/curl');
  });

  it('leads to containment once another child appears while its alarm is open', () => {
    const record = lead(undefined, alarm(excepted), { configuration });
    const shell = { ...ntpdate, executable: '/bin/sh', commandLine: 'sh -i', argumentCount: 1 };
    const next = lead(record, alarm({ ...excepted, occurredAt: now, evidence: [shell] }), { configuration });

    expect(next.status).toBe('contained');
    expect(actionsOf(next)).toEqual(['disconnect', 'quarantine']);
  });

  it.each([
    ['alone', undefined],
    [
      'beside one that lasts',
      lead(undefined, alarm({ behaviorName: 'lasts', ...excepted }), { configuration }),
    ],
  ])('leads to containment in whatever order other children and the end arrive, %s', (_, before) => {
    const first = alarm(excepted);
    const shell = alarm({ reporter, occurredAt: now - 50, evidence: [{ ...curl(), executable: '/bin/sh' }] });
    const end = alarm({ reporter, occurredAt: now, eventType: 'alarm-cleared' });
    for (const order of [
      [first, shell, end],
      [first, end, shell],
      [shell, first, end],
      [shell, end, first],
      [end, first, shell],
      [end, shell, first],
    ]) {
      const next = order.reduce<Case | undefined>(take, before);
      // However often they come.
      const again = order.reduce(take, next);

      expect(next).toMatchObject({
        status: 'contained',
        violations: {
          'myapp-processes/no-child-processes': {
            lastEventType: 'alarm-cleared',
            lastEventAt: now,
            alarmAt: now - 50,
          },
        },
      });
      expect(again).toEqual(next);
    }
  });

  const evidence = [{ ...curl(), executable: '/bin/sh' }];
  const otherChild = [
    alarm({ evidence, reporter, violationId: 'v1' }),
    alarm({ reporter, violationId: 'v1', occurredAt: now - 50, eventType: 'alarm-cleared' }),
  ] as const;
  const next = alarm({ ...excepted, violationId: 'v2', occurredAt: now });

  it('leads to containment in whatever order the alarm of another child, its end and the next alarm arrive', () => {
    const [shell, end] = otherChild;
    for (const order of [
      [shell, end, next],
      [shell, next, end],
      [end, shell, next],
      [end, next, shell],
      [next, shell, end],
      [next, end, shell],
    ]) {
      const record = order.reduce<Case | undefined>(take, undefined);

      expect(record).toMatchObject({
        status: 'contained',
        violations: {
          'myapp-processes/no-child-processes': {
            violationId: 'v2',
            lastEventType: 'in-alarm',
            lastEventAt: now,
          },
        },
      });
      // Each of them is known.
      expect(order.reduce(take, record)).toEqual(record);
    }
  });

  it('contains nothing because of an alarm from before a release that arrives after it', () => {
    const [shell] = otherChild;
    const held = led(led(undefined, next, { configuration }), order('contain'), { configuration });
    const released = led(held, order('release'), { configuration });
    const later = led(released, alarm({ ...excepted, violationId: 'v3', occurredAt: now + 1 }), {
      configuration,
      newCaseId: 'case-2',
    });

    expect([released.status, later.status]).toEqual(['closed', 'observed']);
    expect([take(released, shell), take(later, shell)]).toEqual([released, later]);
  });

  it('contains nothing because of an alarm that is older than the remembered ones', () => {
    const [shell] = otherChild;
    const many = Array.from({ length: 11 }, (_, index) =>
      alarm({ ...excepted, violationId: `w${index}`, occurredAt: now + index }),
    );
    const record = many.reduce<Case | undefined>(take, undefined);

    expect(take(record, shell)).toEqual(record);
    expect(take(many.slice(1).reduce<Case | undefined>(take, undefined), shell)?.status).toBe('contained');
  });

  it('contains nothing because of an overtaken alarm once a person has decided', () => {
    const shell = alarm({ reporter, occurredAt: now - 50, evidence: [{ ...curl(), executable: '/bin/sh' }] });
    const end = alarm({ reporter, occurredAt: now, eventType: 'alarm-cleared' });
    const other = led(undefined, alarm({ behaviorName: 'lasts', ...excepted }), { configuration });
    const cleared = led(led(other, alarm(excepted), { configuration }), end, { configuration });
    const dismissed = led(cleared, order('dismiss'), { configuration });

    expect(take(dismissed, shell)).toEqual(dismissed);
  });

  it('leads to containment once it arrives again without evidence, even if the kill switch held it back', () => {
    const record = lead(undefined, alarm(excepted), { configuration });
    const again = alarm({ reporter, occurredAt: now - 50 });
    const on = { killSwitch: { state: 'on', by: 'ada', at: '', reason: '' } as const, configuration };
    const waiting = lead(record, again, on);

    expect(lead(record, again, { configuration }).status).toBe('contained');
    expect(waiting.status).toBe('observed');
    // The evidence of before is still shown, and counts for nothing.
    expect(Object.values(waiting.violations)).toMatchObject([{ evidence: [curl()], isPartial: true }]);
    const later = now + 10 * 60_000;
    expect(lead(waiting, resume, { configuration, now: later }).status).toBe('contained');
  });

  it('is recorded with each exception that applied', () => {
    const record = lead(undefined, alarm(excepted), { configuration });
    const next = lead(record, alarm({ ...excepted, occurredAt: now, evidence: [ntpdate] }), {
      configuration,
    });

    expect(next.status).toBe('observed');
    expect(describeCase(next).reason).toContain('/usr/bin/ntpdate (any arguments)');
  });

  it.each<[string, Partial<Violation>]>([
    ['of another certificate', { reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } }],
    ['of nobody known', { reporter: { clientId: 'mything1', principal: 'unknown' } }],
  ])('needs an approval if the evidence comes %s', (_, over) => {
    expect(lead(undefined, alarm({ ...excepted, ...over }), { configuration }).status).toBe(
      'awaiting-approval',
    );
  });

  it('leads to containment if the reporter is unknown', () => {
    expect(lead(undefined, alarm({ evidence: [curl()] }), { configuration }).status).toBe('contained');
  });

  it('needs no approval, even if the playbook asks for one', () => {
    const asking = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve', unless })] });

    expect(lead(undefined, alarm(excepted), { configuration: asking }).status).toBe('observed');
  });
});
