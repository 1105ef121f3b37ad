import type { Case } from '../../../../shared/domain/case/case';
import { nextStep, recordOutcome, settle } from '../../../../shared/domain/case/steps';
import type { Command } from '../../../../shared/domain/decide/command';
import type { Violation } from '../../../../shared/domain/findings/violation';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { describeRefusal } from '../../../../shared/domain/messages/describe-reason';
import { thingKey } from '../../../../shared/domain/thing-ref';
import {
  aConfiguration,
  aContext,
  aPlaybook,
  aViolation,
  changeCase,
  decide,
  flushed,
  listQuestions,
  now,
  type Situation,
  someFacts,
  words,
} from '../../../builders';

function alarm(over: Partial<Violation> = {}): Command {
  const violation = aViolation(over);
  return { type: 'violation', thingName: thingKey(violation.thingName), violation };
}

/** How far the times of sessions may be off. */
const marginMs = 120_000;

function decided(current: Case | undefined, command: Command, context: Partial<Situation> = {}): Case {
  const decision = decide(current, command, aContext(context));
  if (decision.outcome !== 'changed') throw new Error(`unchanged: ${describeRefusal(decision.reason)}`);
  return decision.next;
}

/** Performs every step with success. */
function perform(record: Case, at = now): Case {
  let next = record;
  const seen = new Set<Case['ledger'][number]['action']>();
  for (let step = nextStep(next, seen); step; step = nextStep(next, seen)) {
    next = recordOutcome(next, step, { result: 'done', detail: [words(`${step.kind} ok`)] }, at);
    if (step.kind === 'verify') seen.add(step.entry.action);
  }
  return flushed(settle(next, at));
}

const contained = () => perform(decided(undefined, alarm()));
const operator = (type: 'release' | 'contain' | 'approve' | 'dismiss'): Command => ({
  type,
  thingName: thingKey('mything1'),
  actor: 'ada',
  comment: 'checked',
  ...(type === 'release' && { force: true }),
});

describe('decide, on a violation,', () => {
  it('plans the actions of the first matching playbook, with what each must restore', () => {
    const next = decided(undefined, alarm());

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
    let record = decided(undefined, alarm());
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
    const next = decided(undefined, alarm(), context);

    expect(next.status).toBe(status);
    expect(next.ledger).toEqual([]);
    expect(describeCase(next).reason).toBeTruthy();
    const { reason, outbox } = describeCase(next);
    const [told, ...more] = outbox.announcements;
    expect(more).toEqual([]);
    // Of the fleet limit it says more than the reason: fleet-limit.test.ts.
    const { fleetLimitReached: limited } = { fleetLimitReached: false, ...context };
    expect(limited ? told?.text.split('; ')[0] : told?.text).toBe(reason);
  });

  it('asks for approval when the report came from a certificate that is not the thing’s', () => {
    const forged = alarm({ reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } });

    expect(decided(undefined, forged).status).toBe('awaiting-approval');
    expect(decided(undefined, alarm({ reporter: { clientId: 'x', principal: 'a'.repeat(64) } })).status).toBe(
      'containing',
    );
  });

  it('denies the certificate as well if it permits other client ids, which a group policy cannot bind', () => {
    const [principal] = someFacts().principals;
    if (!principal) throw new Error('no principal');
    const evading = someFacts({ principals: [{ ...principal, escapesGroup: true }] });
    const shared = someFacts({
      principals: [{ ...principal, escapesGroup: true, sharedWith: ['mything2'] }],
    });

    expect(decided(undefined, alarm(), { facts: evading }).ledger.map(({ action }) => action)).toEqual([
      'disconnect',
      'quarantine',
      'deny-certificate',
    ]);
    expect(decided(undefined, alarm(), { facts: shared }).status).toBe('awaiting-approval');
  });

  it('cuts the agent’s own client id too, if the certificate may connect under another id than the thing’s name', () => {
    const [principal] = someFacts().principals;
    if (!principal) throw new Error('no principal');
    const facts = someFacts({ principals: [{ ...principal, escapesGroup: true }] });

    expect(decided(undefined, alarm(), { facts }).ledger[0]?.prior).toEqual({
      action: 'disconnect',
      clientIds: ['mything1', 'mything1-cordon'],
    });
  });

  it('cuts every client id under which the thing’s own certificate reported', () => {
    const next = decided(
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
    const next = decided(contained(), alarm({ behaviorName: 'other', occurredAt: now + 1 }), {
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

    const next = decided(contained(), second);

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
    expect(decided(contained(), foreign).status).toBe('contained');
  });

  it('judges the thing’s own alarm even if a forged one of the same behavior came first', () => {
    const forged = alarm({ reporter: { clientId: 'x', principal: 'b'.repeat(64) } });
    const waiting = flushed(decided(undefined, forged));

    const own = alarm({
      violationId: 'own',
      occurredAt: now + 1,
      reporter: { clientId: 'mything1', principal: 'a'.repeat(64) },
    });

    expect(decided(waiting, own).status).toBe('containing');
  });

  it('contains on a repeated alarm once the obstacle is gone, and announces a refusal only once', () => {
    const observed = flushed(decided(undefined, alarm(), { killSwitch: { state: 'on' } }));
    const repeated = alarm({ occurredAt: now + 1 });

    const still = decided(observed, repeated, { killSwitch: { state: 'on' } });
    expect([still.status, still.outbox.announcements]).toEqual(['observed', []]);
    expect(decided(observed, repeated).status).toBe('containing');
  });

  it('announces a flapping value once in ten minutes', () => {
    let record: Case | undefined;
    const told: string[] = [];
    for (let flip = 0; flip < 6; flip += 1) {
      const at = now + flip * 1_000;
      const eventType = flip % 2 === 0 ? 'in-alarm' : 'alarm-cleared';
      const next = decided(record, alarm({ eventType, occurredAt: at }), {
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
      record = decided(record, alarm({ behaviorName: `b${index}`, occurredAt: now + index, evidence }), {
        killSwitch: { state: 'on' },
      });

    expect(JSON.stringify(record?.violations).length).toBeLessThan(200_000);
  });

  it('merges the alert of the other detector for the same behavior, without a second announcement', () => {
    const second = alarm({ violationId: 'defender-1', detector: 'device-defender', occurredAt: now + 5 });

    const next = decided(contained(), second);

    expect(next.outbox.announcements).toEqual([]);
    expect(next.violations['myapp-processes/no-child-processes']?.violationId).toBe('defender-1');
  });
});

describe('decide, on a clear,', () => {
  it.each(['alarm-cleared', 'alarm-invalidated'] as const)('never releases on %s', (eventType) => {
    const next = decided(contained(), alarm({ eventType, occurredAt: now + 1 }));

    expect(next.status).toBe('contained');
    expect(next.ledger).toEqual(contained().ledger);
  });

  it('keeps the value that violated, which is what the case is about', () => {
    const clear = { eventType: 'alarm-cleared', occurredAt: now + 1, value: { number: 0 } } as const;
    const next = decided(contained(), alarm(clear));

    expect(Object.values(next.violations)).toMatchObject([
      { lastEventType: 'alarm-cleared', value: aViolation().value },
    ]);
    expect(next.outbox.timeline.at(-1)).toMatchObject({ event: { value: '{"number":0}' } });
    // Another alarm brings its own.
    const again = decided(next, alarm({ occurredAt: now + 2, value: { number: 7 } }));
    expect(Object.values(again.violations)).toMatchObject([{ value: { number: 7 } }]);
  });

  it('opens no case and announces nothing without an alarm', () => {
    const remembered = decided(undefined, alarm({ eventType: 'alarm-cleared' }));

    expect([remembered.status, remembered.violations, remembered.outbox]).toEqual([
      'closed',
      {},
      { announcements: [], timeline: [] },
    ]);
    expect(decide(remembered, alarm({ eventType: 'alarm-cleared' }), aContext()).outcome).toBe('unchanged');
  });

  it('acts on an alarm that its clear overtook, and leaves no alarm open behind it', () => {
    const early = decided(undefined, alarm({ eventType: 'alarm-cleared', occurredAt: now }));

    const held = decided(early, alarm({ occurredAt: now - 100 }));

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
    expect(decided(early, alarm({ occurredAt: now - 100 }), { killSwitch: { state: 'on' } }).status).toBe(
      'closed',
    );
  });

  it('drops an early clear that is older than the alarm that follows', () => {
    const early = decided(undefined, alarm({ eventType: 'alarm-cleared', occurredAt: now - 200 }));

    const next = decided(early, alarm({ occurredAt: now - 100 }));

    expect(next.violations['myapp-processes/no-child-processes']?.lastEventType).toBe('in-alarm');
    expect(next.earlyEnds).toBeUndefined();
  });

  it('keeps the newest twenty early clears at most', () => {
    let record: Case | undefined;
    for (let index = 0; index < 25; index += 1) {
      const end = { eventType: 'alarm-cleared', behaviorName: `b${index}`, occurredAt: now + index } as const;
      record = decided(record, alarm(end));
    }

    expect(Object.keys(record?.earlyEnds ?? {})).toHaveLength(20);
    expect(record?.earlyEnds).not.toHaveProperty(['myapp-processes/b4']);
    expect(record?.earlyEnds).toHaveProperty(['myapp-processes/b5']);
  });

  it('ends a case that held nothing', () => {
    const observed = decided(undefined, alarm(), { killSwitch: { state: 'on' } });

    expect(decided(observed, alarm({ eventType: 'alarm-cleared', occurredAt: now + 1 })).status).toBe(
      'closed',
    );
  });

  it('changes nothing for a clear older than the alarm', () => {
    expect(
      decide(contained(), alarm({ eventType: 'alarm-cleared', occurredAt: now - 500 }), aContext()).outcome,
    ).toBe('unchanged');
  });
});

describe('decide, on an operator’s command,', () => {
  it('releases in reverse order and closes', () => {
    const releasing = decided(contained(), operator('release'));

    expect(nextStep(releasing, new Set())).toMatchObject({ kind: 'revert', entry: { action: 'quarantine' } });
    const closed = perform(releasing);
    expect(closed.status).toBe('closed');
    expect(closed.ledger.map(({ status }) => status)).toEqual(['reverted', 'reverted']);
  });

  it('stops in release-conflict if an action could not be undone, and can be continued', () => {
    const releasing = decided(contained(), operator('release'));
    const first = nextStep(releasing, new Set());
    if (!first) throw new Error('no step');
    const half = recordOutcome(releasing, first, { result: 'done', detail: [words('ok')] }, now);
    const second = nextStep(half, new Set());
    if (!second) throw new Error('no step');
    const stuck = settle(
      recordOutcome(half, second, { result: 'conflict', detail: [words('moved')] }, now),
      now,
    );

    expect(stuck.status).toBe('release-conflict');
    expect(perform(decided(flushed(stuck), operator('release'))).status).toBe('closed');
  });

  it('remembers a closed case, so that a late repeat opens no case', () => {
    const closed = perform(decided(contained(), operator('release')));

    expect(decide(closed, alarm(), aContext({ newCaseId: 'case-2' })).outcome).toBe('unchanged');
    expect(decided(closed, alarm({ occurredAt: now + 10 }), { newCaseId: 'case-2' })).toMatchObject({
      caseId: 'case-2',
      status: 'containing',
    });
  });

  it('approves a waiting case, and contains on command', () => {
    const waiting = decided(undefined, alarm(), { fleetLimitReached: true });

    expect(decided(waiting, operator('approve')).status).toBe('containing');
    expect(decided(undefined, operator('contain')).ledger.map(({ action }) => action)).toEqual([
      'disconnect',
      'quarantine',
    ]);
  });

  it.each([
    ['release', undefined],
    ['approve', undefined],
    ['dismiss', undefined],
  ] as const)('answers %s without a case with a reason', (type, current) => {
    expect(decide(current, operator(type), aContext()).outcome).toBe('unchanged');
  });

  it('does not dismiss a case whose refused action may still hold the thing', () => {
    const planned = decided(undefined, alarm());
    const first = nextStep(planned, new Set());
    if (!first) throw new Error('no step');
    const failed = settle(
      recordOutcome(planned, first, { result: 'refused', detail: [words('ten groups')] }, now),
      now,
    );

    expect(decide(failed, operator('dismiss'), aContext())).toMatchObject({
      refusal: { code: 'held', status: failed.status },
      next: { status: failed.status, ledger: failed.ledger },
    });
  });

  it('does not dismiss a held thing', () => {
    const held = contained();
    expect(decide(held, operator('dismiss'), aContext())).toMatchObject({
      refusal: { code: 'held', status: held.status },
      next: { status: held.status, ledger: held.ledger },
    });
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
  const observed = () => flushed(decided(undefined, alarm(), watched));
  const certificate = someFacts().principals[0];
  const rotated = certificate && someFacts({ principals: [{ ...certificate, certificateId: principal }] });

  it('looks the thing up, since the thing may have a new certificate', () => {
    expect(listQuestions(observed(), clear, aContext())).toEqual(['facts']);
    expect(listQuestions(undefined, clear, aContext())).toEqual([]);
    if (!rotated) throw new Error('no certificate');
    expect(decided(observed(), clear, { facts: rotated }).status).toBe('closed');
  });

  it.each([
    ['is not', someFacts()],
    ['could not be looked up', { kind: 'unavailable', reason: 'throttled' }],
  ] as const)('keeps the case open where the certificate %s', (_, facts) => {
    const next = decided(observed(), clear, { facts });

    expect(next.status).toBe('observed');
    expect(Object.values(next.violations)).toMatchObject([{ lastEventType: 'in-alarm' }]);
  });

  it('does not let a clear that overtook its alarm end that alarm', () => {
    const early = decided(undefined, clear);
    expect(decided(flushed(early), alarm(), watched)).toMatchObject({ status: 'observed' });
  });
});

describe('decide, on a reconnect,', () => {
  const reconnected = (connectedAt: number): Command => ({
    type: 'reconnected',
    thingName: thingKey('mything1'),
    clientId: 'mything1',
    connectedAt,
  });

  it('cuts again while the policy cache may still admit the device', () => {
    const next = decided(contained(), reconnected(now + 1_000), { policyCacheMs: 480_000 });

    expect(nextStep(next, new Set())).toMatchObject({ kind: 'apply', entry: { action: 'disconnect' } });
  });

  it('leaves the contained status while cached rights admit the device, announces so once, and returns to it afterwards', () => {
    const policyCacheMs = 480_000;
    const first = decided(contained(), reconnected(now + 1_000), { policyCacheMs });
    expect(first.outbox.announcements.map(({ kind }) => kind)).toEqual(['containing']);
    const cut = perform(first, now + 1_100);
    expect([cut.status, cut.dueAt]).toEqual(['containing', now + policyCacheMs + marginMs]);

    const second = decided(cut, reconnected(now + 2_000), { policyCacheMs });
    expect(second.outbox.announcements).toEqual([]);

    const later = now + policyCacheMs + marginMs + 1;
    const resumed = decided(
      perform(second, now + 2_100),
      { type: 'resume', thingName: thingKey('mything1') },
      { now: later },
    );
    expect(perform(resumed, later)).toMatchObject({ status: 'contained', containedAt: later });
  });

  it('cuts a session under another client id too, and remembers the newest of many', () => {
    const policyCacheMs = 480_000;
    const other = (clientId: string): Command => ({ ...reconnected(now + 1_000), clientId }) as Command;
    let record = perform(decided(contained(), other('id-0'), { policyCacheMs }), now + 1_100);
    expect(record.ledger.find(({ action }) => action === 'disconnect')?.prior).toMatchObject({
      clientIds: ['mything1', 'id-0'],
    });
    expect(record).toMatchObject({ status: 'containing', evadesUntil: now + policyCacheMs + marginMs });

    for (let more = 1; more < 15; more += 1)
      record = perform(decided(record, other(`id-${more}`), { policyCacheMs }), now + 1_100);
    expect(record.ledger.find(({ action }) => action === 'disconnect')?.prior).toMatchObject({
      clientIds: ['mything1', ...Array.from({ length: 9 }, (_, index) => `id-${index + 6}`)],
    });
  });

  it('announces no further reconnects while the missing denial is already announced', () => {
    const planned = decided(undefined, alarm());
    const quarantine = nextStep(planned, new Set(['disconnect']));
    if (!quarantine) throw new Error('no step');
    const refused = recordOutcome(
      planned,
      quarantine,
      { result: 'refused', detail: [words('ten groups')] },
      now,
    );
    const failed = perform({ ...refused, ledger: refused.ledger });
    expect(failed.status).toBe('containment-failed');

    const again = perform(decided(failed, reconnected(now + 1_000)));

    expect([again.status, again.outbox.announcements]).toEqual(['containment-failed', []]);
  });

  it('cuts a session from before the cut once more, in case clocks differ, but does not report that the device returned', () => {
    const next = decided(contained(), reconnected(now - 1), { policyCacheMs: 480_000 });

    expect(nextStep(next, new Set())).toMatchObject({ kind: 'apply', entry: { action: 'disconnect' } });
    const { evadesUntil, outbox } = next;
    expect([evadesUntil, outbox]).toEqual([undefined, { announcements: [], timeline: [] }]);
    expect(perform(next)).toMatchObject({ status: 'contained', containedAt: now });
  });

  const versioned = (connectedAt: number, version: number): Command => ({
    ...(reconnected(connectedAt) as Extract<Command, { type: 'reconnected' }>),
    version,
  });

  it('ignores an older session, whatever its time says', () => {
    const policyCacheMs = 480_000;
    const back = perform(decided(contained(), versioned(now + 5_000, 4), { policyCacheMs }), now + 5_100);

    for (const [at, version] of [
      [now + 9_000, 3],
      [now + 5_000, 4],
    ] as const)
      expect(decide(back, versioned(at, version), aContext({ policyCacheMs })).outcome).toBe('unchanged');
  });

  it('treats a newer version as a new session, even if its time is before the last cut', () => {
    const policyCacheMs = 480_000;
    const first = decided(contained(), versioned(now + 5_000, 4), { policyCacheMs });
    // It was cut, and its return is news by the version alone: the times of AWS are approximate.
    const cut = perform(first, now + 5_100);
    const second = decided(changeCase(cut, { status: 'contained' }), versioned(now + 4_000, 6), {
      policyCacheMs,
    });

    expect(second.status).toBe('containing');
    expect(describeCase(second).outbox.timeline.map(({ what }) => what)).toEqual([
      'reconnected before the denial had spread, and cut again',
    ]);
  });

  it('knows no session of a client whose id every object of JavaScript has', () => {
    const policyCacheMs = 480_000;
    const id = 'constructor';
    const held = decided(contained(), { ...versioned(now + 1, 3), clientId: id } as Command, {
      policyCacheMs,
    });
    const known = changeCase(perform(held), {
      status: 'contained',
      connects: { other: { version: 1, at: now } },
    });

    // Of before the cut, so it is cut once more and not announced.
    const again = decided(known, { ...versioned(now - 1, 4), clientId: id } as Command, { policyCacheMs });
    expect(again.status).toBe('contained');
  });

  it('accepts that versions start again after an hour without a session', () => {
    const policyCacheMs = 3 * 3_600_000;
    const back = perform(decided(contained(), versioned(now + 5_000, 40), { policyCacheMs }), now + 5_100);

    expect(decided(back, versioned(now + 5_000 + 3_600_000, 0), { policyCacheMs }).status).toBe('containing');
  });

  it('leaves a session alone that began under the denial', () => {
    expect(decide(contained(), reconnected(now + 1_000), aContext()).outcome).toBe('unchanged');
  });
});

describe('decide, on a sweep,', () => {
  it('verifies again what was verified, and applies again what was not', () => {
    const later = now + 3_600_000;
    const resumed = decided(contained(), { type: 'resume', thingName: thingKey('mything1') }, { now: later });

    expect(resumed.ledger.map(({ status }) => status)).toEqual(['applied', 'applied']);
    expect(perform(resumed, later).status).toBe('contained');
  });

  it('changes nothing before it is due', () => {
    expect(decide(contained(), { type: 'resume', thingName: thingKey('mything1') }, aContext()).outcome).toBe(
      'unchanged',
    );
  });
});
