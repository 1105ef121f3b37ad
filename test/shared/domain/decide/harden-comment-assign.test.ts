import type { Case } from '../../../../shared/domain/case/case';
import type { Command } from '../../../../shared/domain/decide/command';
import { describeEntry } from '../../../../shared/domain/messages/describe-event';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { aConfiguration, aContext, aPlaybook, decide, now, someFacts } from '../../../builders';
import { aContainedCase, advance, aReleasedCase } from '../../../cli/stored-cases';

const { record: contained } = aContainedCase();
const released = aReleasedCase().record;

type Operators = Extract<Command, { actor: string }>;

function order(type: Operators['type'], more: Partial<Operators> = {}): Operators {
  return { type, thingName: thingKey('mything1'), actor: 'ada', ...more };
}

/** The case after a command. */
function led(current: Case, command: Command, over: Parameters<typeof aContext>[0] = {}): Case {
  const decision = decide(current, command, aContext(over));
  if (decision.outcome !== 'changed' || decision.refusal) throw new Error(JSON.stringify(decision));
  return decision.next;
}

function refusalOf(current: Case | undefined, command: Command, over: Parameters<typeof aContext>[0] = {}) {
  const decision = decide(current, command, aContext(over));
  return decision.outcome === 'unchanged' ? decision.reason : decision.refusal;
}

const states = ({ ledger }: Case) => ledger.map(({ action, status }) => [action, status]);
const words = ({ outbox }: Case) => outbox.timeline.map(describeEntry);

describe('harden', () => {
  const harden = order('harden', { actions: ['deactivate-certificate'], comment: 'it came back' });

  it('adds actions to the containment, and leaves those that hold as they are found', () => {
    const next = led(contained, harden, { now: now + 5 });

    expect(next.status).toBe('containing');
    expect(states(next)).toEqual([
      ['deactivate-certificate', 'planned'],
      ['disconnect', 'planned'],
      ['quarantine', 'planned'],
    ]);
    const priorOf = ({ ledger }: Case, action: string) => ledger.find((one) => one.action === action)?.prior;
    expect(priorOf(next, 'quarantine')).toEqual(priorOf(contained, 'quarantine'));
    expect(priorOf(next, 'deactivate-certificate')).toMatchObject({
      certificates: [{ statusBefore: 'unknown' }],
    });
    expect(words(next)).toEqual([
      { at: now + 5, actor: 'ada', what: 'hardening ordered', detail: 'it came back' },
      {
        at: now + 5,
        actor: 'ada',
        what: 'containment planned',
        detail: 'disconnect, quarantine, deactivate-certificate',
      },
    ]);
  });

  it('names the last person who decided, even if another person approved the containment before', () => {
    const approved: Case = { ...contained, decided: { command: 'approve', actor: 'bob' } };

    for (const before of [contained, approved])
      expect(led(before, harden).decided).toEqual({
        command: 'harden',
        actor: 'ada',
        comment: 'it came back',
      });
  });

  it('stays the same containment: its release rule, its playbook and its number of containments', () => {
    const { release, playbook, pastContainments, facts, severity } = contained;

    expect(led(contained, harden, { now: now + 5 })).toMatchObject({
      ...{ release, playbook, pastContainments, facts, severity },
    });
  });

  it('is undone by the release with all the rest', () => {
    const hardened = advance(contained, harden);
    expect([hardened.status, states(hardened).map(([, status]) => status)]).toEqual([
      'contained',
      ['verified', 'verified', 'verified'],
    ]);

    const free = advance(hardened, order('release', { force: true }));

    expect([free.status, states(free).map(([, status]) => status)]).toEqual([
      'closed',
      ['reverted', 'reverted', 'reverted'],
    ]);
  });

  it('brings the backup of an action that does not reach every certificate', () => {
    const facts = someFacts({
      principals: someFacts().principals.map((one) => ({ ...one, escapesGroup: true })),
    });
    const disconnected = {
      ...contained,
      ledger: contained.ledger.filter((one) => one.action === 'disconnect'),
    };

    expect(states(led(disconnected, order('harden', { actions: ['quarantine'] }), { facts }))).toEqual([
      ['disconnect', 'planned'],
      ['quarantine', 'planned'],
      ['deny-certificate', 'planned'],
    ]);
  });

  it('is refused if nothing holds the thing, or these actions hold it already', () => {
    expect(refusalOf(undefined, harden)).toEqual({ code: 'no-open-case' });
    expect(refusalOf(released, harden)).toEqual({ code: 'no-open-case' });
    expect(refusalOf({ ...contained, status: 'observed', ledger: [] }, harden)).toEqual({ code: 'not-held' });
    expect(refusalOf(contained, order('harden', { actions: ['quarantine'] }))).toEqual({
      code: 'held-so-already',
    });
    expect(refusalOf(contained, order('harden'))).toEqual({ code: 'held-so-already' });
  });

  it('takes only actions that respond has rights for', () => {
    const replace = order('harden', { actions: ['replace-policy-version'] });
    const playbooks = [aPlaybook({ actions: ['replace-policy-version'] })];

    expect(refusalOf(contained, replace)).toEqual({ code: 'no-rights', actions: ['replace-policy-version'] });
    expect(refusalOf(contained, replace, { configuration: aConfiguration({ playbooks }) })).toBeUndefined();
  });

  it('asks for force if other things use the certificate, and if the kill switch is unreadable', () => {
    const facts = someFacts({
      principals: someFacts().principals.map((one) => ({ ...one, sharedWith: ['other'] })),
    });

    expect(refusalOf(contained, harden, { facts })).toMatchObject({
      code: 'needs-force',
      objection: { code: 'shared', holders: ['other'] },
    });
    expect(refusalOf(contained, { ...harden, force: true }, { facts })).toBeUndefined();
    expect(
      refusalOf(contained, harden, {
        killSwitch: { state: 'on', actor: 'eve', since: now, reason: '' } as never,
      }),
    ).toMatchObject({ code: 'kill-switch' });
  });
});

describe('a comment', () => {
  it('is recorded in the timeline of the open case, and changes nothing else', () => {
    const next = led(contained, order('comment', { comment: 'a shell of the vendor' }), { now: now + 5 });

    expect(words(next)).toEqual([
      { at: now + 5, actor: 'ada', what: 'comment', detail: 'a shell of the vendor' },
    ]);
    const { outbox: _outbox, updatedAt, lastActor, ...rest } = next;
    expect([updatedAt, lastActor, next.outbox.announcements]).toEqual([now + 5, 'ada', []]);
    expect(contained).toMatchObject(rest);
  });

  it('is refused without text, or without an open case', () => {
    expect(refusalOf(contained, order('comment'))).toEqual({ code: 'no-comment' });
    expect(refusalOf(released, order('comment', { comment: 'late' }))).toEqual({ code: 'no-open-case' });
  });
});

describe('assign', () => {
  it('puts the operator on the case, somebody else, or nobody', () => {
    const mine = led(contained, order('assign'), { now: now + 1 });
    const theirs = led(contained, order('assign', { assignee: 'bob', comment: 'your shift' }));
    const nobodys = led(mine, order('assign', { assignee: '' }));

    expect([mine.assignee, theirs.assignee, nobodys.assignee]).toEqual(['ada', 'bob', undefined]);
    expect([mine, theirs, nobodys].map((one) => words(one).at(-1))).toEqual([
      { at: now + 1, actor: 'ada', what: 'assigned to ada' },
      { at: now, actor: 'ada', what: 'assigned to bob', detail: 'your shift' },
      { at: now, actor: 'ada', what: 'assigned to nobody' },
    ]);
    expect(refusalOf(undefined, order('assign'))).toEqual({ code: 'no-open-case' });
  });
});

it('the person who acted last is on record, and no refused command', () => {
  const rejected = decide(contained, order('approve'), aContext());

  expect(led(contained, order('release', { force: true })).lastActor).toBe('ada');
  expect(rejected).toMatchObject({ outcome: 'changed', refusal: { code: 'nothing-awaits-approval' } });
  expect(rejected.outcome === 'changed' && rejected.next.lastActor).toBeUndefined();
});
