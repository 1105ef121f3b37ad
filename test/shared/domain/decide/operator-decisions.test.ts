import type { Playbook } from '../../../../shared/domain/configuration';
import type { Command } from '../../../../shared/domain/decide/command';
import { operatorActions } from '../../../../shared/domain/decide/operator-actions';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { describeRefusal } from '../../../../shared/domain/messages/describe-reason';
import { aConfiguration, aContext, aPlaybook, decide, now } from '../../../builders';
import { actionsOf, alarm, lead, led, order, resume, toldOf } from '../lead-case';

const asking = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
const watching = aConfiguration({
  detector: 'both',
  playbooks: [aPlaybook({ mode: 'observe', actions: [] })],
});
const waiting = () => led(undefined, alarm(), { configuration: asking });

describe('a command that names its case', () => {
  const contained = led(undefined, alarm());
  const { caseId } = contained;
  const closed = led(contained, order('release'));

  it('applies to that case', () => {
    expect(lead(contained, order('release', caseId))).toMatchObject({ status: 'closed' });
  });

  it.each([
    ['in the next case', { ...contained, caseId: 'case-2' }],
    ['once it is closed', closed],
    ['if there is none', undefined],
  ])('does nothing %s', (_, record) => {
    for (const type of operatorActions)
      expect(decide(record, order(type, caseId), aContext())).toEqual({
        outcome: 'unchanged',
        reason: { code: 'case-closed' },
      });
  });
});

describe('who decided', () => {
  it('is the operator behind the present state, until a rule decides again', () => {
    const by = (type: Command['type']) => ({ decided: { command: type, actor: 'ada', comment: 'checked' } });
    const contained = led(waiting(), order('approve'));
    const released = led(contained, order('release'));

    expect(contained).toMatchObject(by('approve'));
    expect(released).toMatchObject(by('release'));
    expect(led(waiting(), order('reject'))).toMatchObject(by('reject'));
    expect(led(undefined, alarm())).not.toHaveProperty('decided');
    expect(led(released, alarm({ violationId: 'v9', occurredAt: now + 60_000 }))).not.toHaveProperty(
      'decided',
    );
  });
});

describe('an approval whose playbook is no longer in cordon.yml', () => {
  const approve = (playbooks: Playbook[]) =>
    lead(waiting(), order('approve'), { configuration: aConfiguration({ playbooks }) });

  it('applies the strictest of the playbooks that its violations match now, and says so', () => {
    const record = approve([
      aPlaybook({ name: 'other', when: { behavior: 'other' }, severity: 'critical', actions: ['job'] }),
      aPlaybook({ name: 'renamed', mode: 'approve', actions: ['deny-certificate', 'disconnect'] }),
    ]);

    expect(record).toMatchObject({ status: 'contained', playbook: 'renamed' });
    expect(actionsOf(record)).toEqual(['disconnect', 'deny-certificate']);
    expect(describeCase(record).outbox.timeline.map(({ detail }) => detail)).toContain(
      'playbook spawned-child is no longer in cordon.yml; renamed takes its place',
    );
  });

  it('applies the actions of a manual containment if no playbook matches', () => {
    const record = approve([aPlaybook({ name: 'other', when: { behavior: 'other' } })]);

    expect(record.status).toBe('contained');
    expect(actionsOf(record)).toEqual(['disconnect', 'quarantine']);
  });
});

describe('a rejection', () => {
  it('keeps the violation on record, changes nothing, and names who rejected it', () => {
    const record = lead(waiting(), order('reject'));

    expect(describeCase(record)).toMatchObject({
      status: 'observed',
      reason: 'rejected by ada: checked',
      ledger: [],
    });
    expect(record.dueAt).toBeUndefined();
    expect(toldOf(record)).toEqual(['rejected']);
    expect(describeCase(record).outbox.timeline).toEqual([
      { at: now, what: 'rejected', actor: 'ada', detail: 'checked' },
    ]);
  });

  it('applies to repeats of the same alarm, and ends with its clear', () => {
    const rejected = led(waiting(), order('reject'));
    const repeated = lead(rejected, alarm({ occurredAt: now + 1 }), { configuration: asking });

    expect(describeCase(repeated)).toMatchObject({ status: 'observed', reason: 'rejected by ada: checked' });
    expect(toldOf(repeated)).toEqual([]);
    expect(led(repeated, alarm({ eventType: 'alarm-cleared', occurredAt: now + 2 })).status).toBe('closed');
  });

  it('ends the case if the violation ended while the case waited', () => {
    const cleared = led(waiting(), alarm({ eventType: 'alarm-cleared', occurredAt: now + 1 }));
    expect(cleared.status).toBe('awaiting-approval');

    const record = lead(cleared, order('reject'));

    expect([record.status, describeCase(record).reason, toldOf(record)]).toEqual([
      'closed',
      'rejected by ada: checked; all violations cleared',
      ['rejected'],
    ]);
  });

  it.each([
    ['no case', undefined],
    ['a contained thing', led(undefined, alarm())],
    ['a case that was rejected before', led(waiting(), order('reject'))],
  ])('changes nothing for %s', (_, record) => {
    const decision = decide(record, order('reject'), aContext());
    expect(decision.outcome === 'changed' ? decision.refusal : decision.reason).toEqual({
      code: 'nothing-awaits-approval',
    });
    if (decision.outcome === 'changed')
      expect(decision.next).toMatchObject({ status: record?.status, ledger: record?.ledger });
  });
});

describe('a dismissal', () => {
  const theirs = { detector: 'device-defender', violationId: 'theirs', behaviorName: 'theirs' } as const;

  it('is reported to Device Defender for its own violations of this case, and for no other', () => {
    const earlier = led(undefined, alarm({ ...theirs, violationId: 'earlier', behaviorName: 'earlier' }), {
      configuration: watching,
    });
    const closed = led(earlier, order('dismiss'));
    let record = led(closed, alarm({ violationId: 'ours' }), {
      configuration: watching,
      newCaseId: 'case-2',
    });
    record = led(record, alarm(theirs), { configuration: watching });

    const dismissed = lead(record, order('dismiss'), { configuration: watching });

    expect(describeCase(dismissed)).toMatchObject({ status: 'closed', reason: 'dismissed by ada: checked' });
    expect(dismissed.outbox.falsePositives).toEqual(['theirs']);
    expect(toldOf(dismissed)).toEqual(['dismissed']);
  });

  it('is reported to Device Defender even if Cordon’s own detector has seen the same behavior since', () => {
    const detector = 'device-defender';
    let record = led(undefined, alarm({ detector, violationId: 'theirs' }), { configuration: watching });
    record = led(record, alarm({ violationId: 'ours', occurredAt: now + 1 }), { configuration: watching });

    expect(lead(record, order('dismiss'), { configuration: watching }).outbox.falsePositives).toEqual([
      'theirs',
    ]);
    expect(lead(record, order('dismiss')).outbox.falsePositives).toEqual([]);
  });

  it('reports nothing to Device Defender if Cordon found every violation', () => {
    const record = led(undefined, alarm(), { configuration: watching });

    expect(lead(record, order('dismiss')).outbox.falsePositives).toEqual([]);
  });

  it('requires the release of a held thing first', () => {
    expect(decide(led(undefined, alarm()), order('dismiss'), aContext())).toMatchObject({
      refusal: { code: 'held', status: 'contained' },
    });
  });
});

describe('the kill switch', () => {
  const off = { killSwitch: { state: 'on' } } as const;

  it('turns the actions of a playbook into an observation', () => {
    expect(describeCase(lead(undefined, alarm(), off))).toMatchObject({
      status: 'observed',
      reason: 'the kill switch is on: every action is off',
      ledger: [],
    });
  });

  it.each(['contain', 'approve'] as const)('refuses operators, too: %s', (type) => {
    expect(decide(waiting(), order(type), aContext(off))).toMatchObject({
      refusal: { code: 'kill-switch', killSwitch: off.killSwitch },
    });
  });

  it('stops what was planned before it was switched on, and keeps the plan open', () => {
    const planned = decide(undefined, alarm(), aContext());
    if (planned.outcome !== 'changed') throw new Error(describeRefusal(planned.reason));
    const dueAt = planned.next.dueAt ?? 0;

    const stopped = led(planned.next, resume, { ...off, now: dueAt });
    expect(stopped.ledger.map(({ status }) => status)).toEqual(['planned', 'planned']);
    expect([stopped.status, describeCase(stopped).reason]).toEqual([
      'containing',
      'not applied, since the kill switch is on: disconnect, quarantine',
    ]);

    expect(led(stopped, resume, { now: stopped.dueAt ?? 0 }).status).toBe('contained');
  });

  it('permits the release of a held thing', () => {
    expect(led(led(undefined, alarm()), order('release'), off).status).toBe('closed');
  });
});
