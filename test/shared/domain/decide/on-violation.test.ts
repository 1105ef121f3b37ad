import type { Case } from '../../../../shared/domain/case/case';
import { settle } from '../../../../shared/domain/case/settle';
import { nextStep, recordOutcome } from '../../../../shared/domain/case/steps';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import {
  aConfiguration,
  aContext,
  aPlaybook,
  aViolation,
  changedBy,
  decide,
  flushed,
  listQuestions,
  now,
  someFacts,
  words,
} from '../../../builders';
import { alarm } from '../lead-case';
import { contained } from './played-case';

describe('decide, on a violation,', () => {
  it('plans the actions of the first matching playbook, with what each must restore', () => {
    const next = changedBy(undefined, alarm());

    expect(next.status).toBe('containing');
    expect(next.ledger.map(({ action, status, prior }) => ({ action, status, prior }))).toEqual([
      { action: 'disconnect', status: 'planned', prior: { action: 'disconnect', clientIds: ['mything1'] } },
      {
        action: 'quarantine',
        status: 'planned',
        prior: {
          action: 'quarantine',
          thingGroup: 'cordon-quarantine',
          memberBefore: false,
          groupsBefore: ['sensors'],
          principals: [someFacts().principals[0]?.arn],
        },
      },
    ]);
  });

  it('reports contained only once every action is verified', () => {
    let record = changedBy(undefined, alarm());
    const seen = new Set<Case['ledger'][number]['action']>();
    for (let step = nextStep(record, seen); step; step = nextStep(record, seen)) {
      const denied = !(step.kind === 'verify' && step.entry.action === 'quarantine');
      record = recordOutcome(
        record,
        step,
        { result: denied ? 'done' : 'unverified', detail: [words('x')] },
        now,
      );
      if (step.kind === 'verify') seen.add(step.entry.action);
    }
    const settled = settle(record, now);

    expect(settled.status).toBe('containing');
    expect(settled.dueAt).toBeGreaterThan(now);
    expect(contained().status).toBe('contained');
  });

  it.each([
    [
      'the mode is observe',
      { configuration: aConfiguration({ playbooks: [aPlaybook({ mode: 'observe', actions: [] })] }) },
      'observed',
    ],
    [
      'no playbook matches',
      { configuration: aConfiguration({ playbooks: [aPlaybook({ when: { behavior: 'other' } })] }) },
      'observed',
    ],
    [
      'the mode is approve',
      { configuration: aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] }) },
      'awaiting-approval',
    ],
    ['the kill switch is on', { killSwitch: { state: 'on' } }, 'observed'],
    ['the thing is unknown', { facts: someFacts({ registered: false }) }, 'observed'],
    ['the thing is in an exempt group', { facts: someFacts({ groups: ['life-support'] }) }, 'observed'],
    [
      'the thing has an exempt attribute',
      { facts: someFacts({ attributes: { critical: 'true' } }) },
      'observed',
    ],
    ['the lookup failed', { facts: { kind: 'unavailable', reason: 'throttled' } }, 'awaiting-approval'],
    ['the fleet limit is reached', { fleetLimitReached: true }, 'awaiting-approval'],
  ] as const)('does nothing to the thing, and gives the reason, when %s', (_, context, status) => {
    const next = changedBy(undefined, alarm(), context);

    expect(next.status).toBe(status);
    expect(next.ledger).toEqual([]);
    expect(describeCase(next).reason).toBeTruthy();
    const { reason, outbox } = describeCase(next);
    const [told, ...more] = outbox.announcements;
    expect(more).toEqual([]);
    // The text on the fleet limit says more than the reason: fleet-limit.test.ts.
    const { fleetLimitReached: limited } = { fleetLimitReached: false, ...context };
    expect(limited ? told?.text.split('; ')[0] : told?.text).toBe(reason);
  });

  it('asks for approval when the report came from a certificate that is not the thing’s', () => {
    const forged = alarm({ reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } });

    expect(changedBy(undefined, forged).status).toBe('awaiting-approval');
    expect(
      changedBy(undefined, alarm({ reporter: { clientId: 'x', principal: 'a'.repeat(64) } })).status,
    ).toBe('containing');
  });

  it('denies the certificate as well if it permits other client ids, which a group policy cannot bind', () => {
    const [principal] = someFacts().principals;
    if (!principal) throw new Error('no principal');
    const evading = someFacts({ principals: [{ ...principal, escapesGroup: true }] });
    const shared = someFacts({
      principals: [{ ...principal, escapesGroup: true, sharedWith: ['mything2'] }],
    });

    expect(changedBy(undefined, alarm(), { facts: evading }).ledger.map(({ action }) => action)).toEqual([
      'disconnect',
      'quarantine',
      'deny-certificate',
    ]);
    expect(changedBy(undefined, alarm(), { facts: shared }).status).toBe('awaiting-approval');
  });

  it('cuts the agent’s own client id too, if the certificate may connect under another id than the thing’s name', () => {
    const [principal] = someFacts().principals;
    if (!principal) throw new Error('no principal');
    const facts = someFacts({ principals: [{ ...principal, escapesGroup: true }] });

    expect(changedBy(undefined, alarm(), { facts }).ledger[0]?.prior).toEqual({
      action: 'disconnect',
      clientIds: ['mything1', 'mything1-cordon'],
    });
  });

  it('cuts every client id under which the thing’s own certificate reported', () => {
    const next = changedBy(
      undefined,
      alarm({ reporter: { clientId: 'mything1-agent', principal: 'a'.repeat(64) } }),
    );

    expect(next.ledger[0]?.prior).toEqual({
      action: 'disconnect',
      clientIds: ['mything1', 'mything1-agent'],
    });
  });

  it('changes nothing on a repeat, and makes no call to AWS', () => {
    const held = contained();

    expect(decide(held, alarm(), aContext()).outcome).toBe('unchanged');
    expect(listQuestions(held, alarm(), aContext())).toEqual([]);
  });

  it('adds a second behavior to the same case without acting again', () => {
    const next = changedBy(contained(), alarm({ behaviorName: 'other', occurredAt: now + 1 }), {
      newCaseId: 'case-2',
    });

    expect(next.caseId).toBe('case-1');
    expect(next.status).toBe('contained');
    expect(Object.keys(next.violations)).toEqual([
      'myapp-processes/no-child-processes',
      'myapp-processes/other',
    ]);
    expect(next.outbox.announcements.map(({ kind }) => kind)).toEqual(['new-violation']);
  });

  it('cuts a held device also under a newly seen client id, and verifies again', () => {
    const reporter = { clientId: 'mything1-2', principal: 'a'.repeat(64) };
    const second = alarm({ behaviorName: 'other', occurredAt: now + 1, reporter });

    const next = changedBy(contained(), second);

    expect(next.status).toBe('containing');
    expect(next.ledger.map(({ action, status }) => [action, status])).toEqual([
      ['disconnect', 'planned'],
      ['quarantine', 'applied'],
    ]);
    expect(next.ledger[0]?.prior).toEqual({ action: 'disconnect', clientIds: ['mything1', 'mything1-2'] });
    const foreign = alarm({
      behaviorName: 'other',
      occurredAt: now + 1,
      reporter: { ...reporter, principal: 'b'.repeat(64) },
    });
    expect(changedBy(contained(), foreign).status).toBe('contained');
  });

  it('judges the thing’s own alarm even if a forged one of the same behavior came first', () => {
    const forged = alarm({ reporter: { clientId: 'x', principal: 'b'.repeat(64) } });
    const waiting = flushed(changedBy(undefined, forged));

    const own = alarm({
      violationId: 'own',
      occurredAt: now + 1,
      reporter: { clientId: 'mything1', principal: 'a'.repeat(64) },
    });

    expect(changedBy(waiting, own).status).toBe('containing');
  });

  it('contains on a repeated alarm once the obstacle is gone, and announces a refusal only once', () => {
    const observed = flushed(changedBy(undefined, alarm(), { killSwitch: { state: 'on' } }));
    const repeated = alarm({ occurredAt: now + 1 });

    const still = changedBy(observed, repeated, { killSwitch: { state: 'on' } });
    expect([still.status, still.outbox.announcements]).toEqual(['observed', []]);
    expect(changedBy(observed, repeated).status).toBe('containing');
  });

  it('announces a flapping value once in ten minutes', () => {
    let record: Case | undefined;
    const told: string[] = [];
    for (let flip = 0; flip < 6; flip += 1) {
      const at = now + flip * 1_000;
      const eventType = flip % 2 === 0 ? 'in-alarm' : 'alarm-cleared';
      const next = changedBy(record, alarm({ eventType, occurredAt: at }), {
        killSwitch: { state: 'on' },
        now: at,
        newCaseId: `case-${flip}`,
      });
      told.push(...next.outbox.announcements.map(({ kind }) => kind));
      record = flushed(next);
    }

    expect(told).toEqual(['observed']);
  });

  it('keeps the evidence of the newest violations only, so that the item stays small', () => {
    const evidence = Array.from({ length: 10 }, (_, pid) => ({ pid, commandLine: 'x'.repeat(700) }));
    let record: Case | undefined;
    for (let index = 0; index < 100; index += 1)
      record = changedBy(record, alarm({ behaviorName: `b${index}`, occurredAt: now + index, evidence }), {
        killSwitch: { state: 'on' },
      });

    expect(JSON.stringify(record?.violations).length).toBeLessThan(200_000);
  });

  it('merges the alert of the other detector for the same behavior, without a second announcement', () => {
    const second = alarm({ violationId: 'defender-1', detector: 'device-defender', occurredAt: now + 5 });

    const next = changedBy(contained(), second);

    expect(next.outbox.announcements).toEqual([]);
    expect(next.violations['myapp-processes/no-child-processes']?.violationId).toBe('defender-1');
  });
});

describe('decide, on a clear,', () => {
  it.each(['alarm-cleared', 'alarm-invalidated'] as const)('never releases on %s', (eventType) => {
    const next = changedBy(contained(), alarm({ eventType, occurredAt: now + 1 }));

    expect(next.status).toBe('contained');
    expect(next.ledger).toEqual(contained().ledger);
  });

  it('keeps the value that violated, which is what the case is about', () => {
    const clear = { eventType: 'alarm-cleared', occurredAt: now + 1, value: { number: 0 } } as const;
    const next = changedBy(contained(), alarm(clear));

    expect(Object.values(next.violations)).toMatchObject([
      { lastEventType: 'alarm-cleared', value: aViolation().value },
    ]);
    expect(next.outbox.timeline.at(-1)).toMatchObject({ event: { value: '{"number":0}' } });
    // Another alarm brings its own.
    const again = changedBy(next, alarm({ occurredAt: now + 2, value: { number: 7 } }));
    expect(Object.values(again.violations)).toMatchObject([{ value: { number: 7 } }]);
  });

  it('opens no case and announces nothing without an alarm', () => {
    const remembered = changedBy(undefined, alarm({ eventType: 'alarm-cleared' }));

    expect([remembered.status, remembered.violations, remembered.outbox]).toEqual([
      'closed',
      {},
      { announcements: [], timeline: [] },
    ]);
    expect(decide(remembered, alarm({ eventType: 'alarm-cleared' }), aContext()).outcome).toBe('unchanged');
  });

  it('acts on an alarm that its clear overtook, and leaves no alarm open behind it', () => {
    const early = changedBy(undefined, alarm({ eventType: 'alarm-cleared', occurredAt: now }));

    const held = changedBy(early, alarm({ occurredAt: now - 100 }));

    expect(held.status).toBe('containing');
    expect(held.violations['myapp-processes/no-child-processes']).toMatchObject({
      lastEventType: 'alarm-cleared',
      lastEventAt: now,
      alarmAt: now - 100,
    });
    expect(describeCase(held).outbox.timeline.map(({ what }) => what)).toEqual([
      'case opened',
      'in alarm',
      'containment planned',
      'alarm cleared',
    ]);
    expect(changedBy(early, alarm({ occurredAt: now - 100 }), { killSwitch: { state: 'on' } }).status).toBe(
      'closed',
    );
  });

  it('drops an early clear that is older than the alarm that follows', () => {
    const early = changedBy(undefined, alarm({ eventType: 'alarm-cleared', occurredAt: now - 200 }));

    const next = changedBy(early, alarm({ occurredAt: now - 100 }));

    expect(next.violations['myapp-processes/no-child-processes']?.lastEventType).toBe('in-alarm');
    expect(next.outOfOrderClears).toBeUndefined();
  });

  it('keeps the newest twenty early clears at most', () => {
    let record: Case | undefined;
    for (let index = 0; index < 25; index += 1) {
      const end = { eventType: 'alarm-cleared', behaviorName: `b${index}`, occurredAt: now + index } as const;
      record = changedBy(record, alarm(end));
    }

    expect(Object.keys(record?.outOfOrderClears ?? {})).toHaveLength(20);
    expect(record?.outOfOrderClears).not.toHaveProperty(['myapp-processes/b4']);
    expect(record?.outOfOrderClears).toHaveProperty(['myapp-processes/b5']);
  });

  it('ends a case that held nothing', () => {
    const observed = changedBy(undefined, alarm(), { killSwitch: { state: 'on' } });

    expect(changedBy(observed, alarm({ eventType: 'alarm-cleared', occurredAt: now + 1 })).status).toBe(
      'closed',
    );
  });

  it('changes nothing for a clear older than the alarm', () => {
    expect(
      decide(contained(), alarm({ eventType: 'alarm-cleared', occurredAt: now - 500 }), aContext()).outcome,
    ).toBe('unchanged');
  });
});

describe('decide, on a clear from a certificate that is not known as the thing’s,', () => {
  const principal = 'b'.repeat(64);
  const clear = alarm({
    eventType: 'alarm-cleared',
    occurredAt: now,
    reporter: { clientId: 'mything1', principal },
  });
  const watched = {
    configuration: aConfiguration({ playbooks: [aPlaybook({ mode: 'observe', actions: [] })] }),
  };
  const observed = () => flushed(changedBy(undefined, alarm(), watched));
  const certificate = someFacts().principals[0];
  const rotated = certificate && someFacts({ principals: [{ ...certificate, certificateId: principal }] });

  it('looks the thing up, since the thing may have a new certificate', () => {
    expect(listQuestions(observed(), clear, aContext())).toEqual(['facts']);
    expect(listQuestions(undefined, clear, aContext())).toEqual([]);
    if (!rotated) throw new Error('no certificate');
    expect(changedBy(observed(), clear, { facts: rotated }).status).toBe('closed');
  });

  it.each([
    ['is not', someFacts()],
    ['could not be looked up', { kind: 'unavailable', reason: 'throttled' }],
  ] as const)('keeps the case open if the certificate %s', (_, facts) => {
    const next = changedBy(observed(), clear, { facts });

    expect(next.status).toBe('observed');
    expect(Object.values(next.violations)).toMatchObject([{ lastEventType: 'in-alarm' }]);
  });

  it('does not let a clear that overtook its alarm end that alarm', () => {
    const early = changedBy(undefined, clear);
    expect(changedBy(flushed(early), alarm(), watched)).toMatchObject({ status: 'observed' });
  });
});
