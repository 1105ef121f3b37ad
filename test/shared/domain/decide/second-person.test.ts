import fc from 'fast-check';
import { type Case, isOpen } from '../../../../shared/domain/case/case';
import type { OperatorCommand } from '../../../../shared/domain/decide/command';
import { listPossible } from '../../../../shared/domain/decide/operator-actions';
import { nameIamUser } from '../../../../shared/domain/decide/second-person';
import { describeEntry } from '../../../../shared/domain/messages/describe-event';
import { describeRefusal } from '../../../../shared/domain/messages/describe-reason';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { readCase, writeCase } from '../../../../shared/storage/case-item';
import {
  aConfiguration,
  aContext,
  aPlaybook,
  aViolation,
  decide,
  flushed,
  now,
  type Situation,
} from '../../../builders';
import { aContainedCase } from '../../../cli/stored-cases';

const { guards } = aConfiguration();
const playbooks = [aPlaybook({ mode: 'approve' })];
const configuration = aConfiguration({ guards: { ...guards, fourEyes: true }, playbooks });
const { record: contained } = aContainedCase();
const hour = 3_600_000;

function order(
  type: OperatorCommand['type'],
  person: string | undefined,
  more: Partial<OperatorCommand> = {},
) {
  return {
    ...{ type, thingName: thingKey('mything1'), actor: person ?? 'somebody', ...more },
    ...(person !== undefined && { person }),
  };
}

function decideOn(record: Case | undefined, command: OperatorCommand, over: Partial<Situation> = {}) {
  return decide(record, command, aContext({ configuration, ...over }));
}

function led(record: Case | undefined, command: OperatorCommand, over: Partial<Situation> = {}): Case {
  const decision = decideOn(record, command, over);
  if (decision.outcome !== 'changed' || decision.refusal) throw new Error(JSON.stringify(decision));
  return flushed(decision.next);
}

function refusalOf(record: Case | undefined, command: OperatorCommand, over: Partial<Situation> = {}) {
  const decision = decideOn(record, command, over);
  return decision.outcome === 'unchanged' ? decision.reason : decision.refusal;
}

const isPlanned = (record: Case) => record.status === 'containing';

describe('guards.fourEyes', () => {
  const ada = 'oidc:ada';
  const bob = 'oidc:bob';

  it('has a containment by hand wait for a second person, and asks people to approve it', () => {
    const decision = decideOn(undefined, order('contain', ada, { comment: 'odd', requestId: 'r-1' }));

    if (decision.outcome !== 'changed') throw new Error('unchanged');
    const until = now + guards.approvalExpires;
    expect(decision.next).toMatchObject({
      status: 'awaiting-approval',
      reason: { code: 'requested', action: 'contain', actor: ada, until, comment: 'odd' },
      request: { action: 'contain', actor: ada, person: ada, at: now, expires: until, requestId: 'r-1' },
      dueAt: until,
      ledger: [],
    });
    expect(decision.next.outbox.announcements.map(({ kind }) => kind)).toEqual(['approval-needed']);
    expect(decision.next.outbox.timeline.map(describeEntry).at(-1)).toEqual({
      at: now,
      actor: ada,
      what: 'containment asked for',
      detail: `containment by ${ada} waits for a second person until 2026-11-19 11:06 UTC: odd`,
    });
  });

  it.each(['contain', 'approve'] as const)('carries it out once another person says %s', (type) => {
    const next = led(led(undefined, order('contain', ada)), order(type, bob));

    expect(isPlanned(next)).toBe(true);
    expect(next.request).toBeUndefined();
    expect(next.decided).toMatchObject({ command: type, actor: bob });
  });

  it('names both people in the timeline', () => {
    const decision = decideOn(led(undefined, order('contain', ada)), order('contain', bob));

    expect(decision.outcome === 'changed' && decision.next.outbox.timeline.map(describeEntry)).toContainEqual(
      {
        at: now,
        actor: bob,
        what: 'containment ordered',
        detail: `asked for by ${ada}`,
      },
    );
  });

  it.each([
    ['who asked', ada, {}, 'same'],
    ['who asked, under another name', ada, { actor: 'carol' }, 'same'],
    ['a person of another source, who may be the same one', 'slack:U1', {}, 'other-source'],
    ['nobody who is proven', undefined, {}, 'unproven'],
    ['another person who also forces it', bob, { force: true }, 'other-order'],
  ])('refuses the confirmation of %s', (_, person, more, why) => {
    for (const type of ['contain', 'approve'] as const)
      expect(refusalOf(led(undefined, order('contain', ada)), order(type, person, more))).toMatchObject({
        code: 'second-person',
        why,
      });
  });

  it('refuses an order of a sender who can’t be identified, as nobody could confirm it', () => {
    expect(decideOn(undefined, order('contain', undefined))).toEqual({
      outcome: 'unchanged',
      reason: { code: 'second-person', why: 'unproven' },
    });
  });

  it.each([
    ['harden', { actions: ['deactivate-certificate'] as const }],
    ['release', { force: true }],
  ] as const)('makes %s of a held thing wait, while its containment continues', (type, more) => {
    const asked = led(contained, order(type, ada, more));

    expect([asked.status, asked.ledger, asked.dueAt]).toEqual([
      contained.status,
      contained.ledger,
      contained.dueAt,
    ]);
    expect(asked.request).toMatchObject({ action: type, ...more });
    expect(refusalOf(asked, order(type, ada, more))).toMatchObject({ code: 'second-person', why: 'same' });
    const done = led(asked, order(type, bob, more));
    expect(done.status).toBe(type === 'release' ? 'releasing' : 'containing');
    expect(done.request).toBeUndefined();
  });

  it('confirms only what was asked for, so that nobody can swap it', () => {
    const asked = led(contained, order('harden', ada, { actions: ['deactivate-certificate'] }));

    expect(refusalOf(asked, order('harden', bob, { actions: ['deny-certificate'] }))).toMatchObject({
      why: 'other-order',
    });
    expect(refusalOf(asked, order('release', bob, { force: true }))).toMatchObject({ why: 'other-order' });
  });

  it('needs only one person for a release without force, a comment and a rejection', () => {
    expect(led(contained, order('release', ada)).status).toBe('releasing');
    expect(led(contained, order('comment', undefined, { comment: 'hm' })).status).toBe('contained');
  });

  it('lets one person answer a question of Cordon’s own, but not force the answer', () => {
    const alarm = { type: 'violation', thingName: thingKey('mything1'), violation: aViolation() } as const;
    const decision = decide(undefined, alarm, aContext({ configuration }));
    if (decision.outcome !== 'changed') throw new Error('unchanged');
    const waiting = flushed(decision.next);

    expect(isPlanned(led(waiting, order('approve', ada)))).toBe(true);
    expect(isPlanned(led(waiting, order('contain', ada)))).toBe(true);
    const asked = led(waiting, order('approve', ada, { force: true }));
    expect([asked.status, asked.reason?.code]).toEqual(['awaiting-approval', waiting.reason?.code]);
    expect(isPlanned(led(asked, order('approve', bob, { force: true })))).toBe(true);
  });

  it('is withdrawn by a rejection, which leaves the violations alone', () => {
    const hard = led(contained, order('harden', ada, { actions: ['deactivate-certificate'] }));
    expect(listPossible(hard)).toContain('reject');
    const kept = led(hard, order('reject', ada));
    expect([kept.request, kept.status, kept.ledger]).toEqual([undefined, 'contained', contained.ledger]);
    expect(listPossible(kept)).not.toContain('reject');

    const rejected = led(led(undefined, order('contain', ada)), order('reject', bob));
    expect([rejected.status, rejected.request]).toEqual(['closed', undefined]);
  });

  it('expires: a question for a containment ends by itself, and a late confirmation is a new question', () => {
    const later = { now: now + guards.approvalExpires };
    const asked = led(undefined, order('contain', ada));
    const resumed = decide(
      asked,
      { type: 'resume', thingName: thingKey('mything1') },
      aContext({ configuration, ...later }),
    );
    expect(resumed.outcome === 'changed' && [resumed.next.status, resumed.next.request]).toEqual([
      'closed',
      undefined,
    ]);

    const hard = led(contained, order('harden', ada, { actions: ['deactivate-certificate'] }));
    const again = led(hard, order('harden', bob, { actions: ['deactivate-certificate'] }), later);
    expect(again.request).toMatchObject({ person: bob, at: later.now });
    expect(again.ledger).toEqual(contained.ledger);
  });

  it('does not stop a playbook from containing the thing meanwhile', () => {
    const asked = led(undefined, order('contain', ada));
    const enforce = aConfiguration({ guards: configuration.guards, playbooks: [aPlaybook()] });
    const alarm = { type: 'violation', thingName: thingKey('mything1'), violation: aViolation() } as const;
    const decision = decide(asked, alarm, aContext({ configuration: enforce }));

    expect(decision.outcome === 'changed' && isPlanned(decision.next)).toBe(true);
  });

  it('asks nobody for a drill, nor if it is off', () => {
    const drill = { ...order('contain', undefined), thingName: thingKey('cordon-drill-1') };
    expect(isPlanned(led(undefined, drill, { thingName: drill.thingName }))).toBe(true);
    const off = decide(undefined, order('contain', undefined), aContext());
    expect(off.outcome === 'changed' && isPlanned(off.next)).toBe(true);
  });

  it('keeps the request in the table, and reads items of earlier releases', () => {
    const asked = led(contained, order('harden', ada, { actions: ['deactivate-certificate'] }));
    expect(readCase(JSON.parse(JSON.stringify(writeCase(asked))))).toEqual(asked);
    expect(readCase(JSON.parse(JSON.stringify(writeCase(contained)))).request).toBeUndefined();
  });

  it('says in words who asked for what, and until when', () => {
    const asked = led(contained, order('release', ada, { force: true }));
    const refusal = refusalOf(asked, order('release', ada, { force: true }));
    expect(refusal && describeRefusal(refusal)).toBe(
      `release by ${ada} waits for a second person until 2026-11-19 11:06 UTC, and you asked for it`,
    );
  });

  it('never carries out a guarded order of one person alone, in any history', () => {
    const person = fc.constantFrom('oidc:ada', 'oidc:bob', 'slack:U1', 'iam:AIDA1', undefined);
    const anyOrder = fc
      .tuple(
        fc.constantFrom('contain', 'approve', 'release', 'harden', 'reject', 'comment', 'dismiss' as const),
        person,
        fc.boolean(),
      )
      .map(([type, by, force]) =>
        order(type as OperatorCommand['type'], by, {
          ...(force && { force }),
          ...(type === 'harden' && { actions: ['deactivate-certificate' as const] }),
          comment: 'x',
        }),
      );
    const history = fc.array(fc.tuple(anyOrder, fc.integer({ min: 1, max: 30 })), { maxLength: 12 });
    fc.assert(
      fc.property(history, fc.boolean(), (events, isHeld) => {
        let record: Case | undefined = isHeld ? contained : undefined;
        let at = now;
        // Who asked for what so far, whatever became of it.
        const asked: { readonly person: string; readonly effect: string; readonly at: number }[] = [];
        for (const [command, hours] of events) {
          at += hours * hour;
          const before = record && isOpen(record) ? record.ledger.length : 0;
          const decision = decideOn(record, command, { now: at, newCaseId: `case-${at}` });
          const effect = command.type === 'approve' ? 'contain' : command.type;
          if (decision.outcome === 'changed') {
            const { status, ledger } = decision.next;
            const isFreed = status === 'releasing' && record?.status !== 'releasing' && command.force;
            const acted = ledger.length > before || isFreed;
            if (acted) {
              const source = command.person?.split(':')[0];
              expect(
                asked.some(
                  (one) =>
                    one.effect === effect &&
                    one.person !== command.person &&
                    one.person.split(':')[0] === source &&
                    one.at > at - guards.approvalExpires,
                ),
              ).toBe(true);
            }
            record = flushed(decision.next);
          }
          if (command.person !== undefined) asked.push({ person: command.person, effect, at });
        }
      }),
    );
  });
});

describe('an IAM identity', () => {
  it('is a person if AWS gives the id, and none if its user chose the name of the session', () => {
    expect(nameIamUser('AIDACKCEVSQ6C2EXAMPLE')).toBe('iam:AIDACKCEVSQ6C2EXAMPLE');
    for (const id of ['AROADBQP57FF2AEXAMPLE:bob', '123456789012', 'AIDAX:bob', undefined])
      expect(nameIamUser(id)).toBeUndefined();
  });
});
