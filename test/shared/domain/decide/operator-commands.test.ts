import { settle } from '../../../../shared/domain/case/settle';
import { nextStep, recordOutcome } from '../../../../shared/domain/case/steps';
import { aContext, changedBy, decide, flushed, now, words } from '../../../builders';
import { alarm } from '../lead-case';
import { contained, operator, perform } from './played-case';

describe('decide, on an operator’s command,', () => {
  it('releases in reverse order and closes', () => {
    const releasing = changedBy(contained(), operator('release'));

    expect(nextStep(releasing, new Set())).toMatchObject({ kind: 'revert', entry: { action: 'quarantine' } });
    const closed = perform(releasing);
    expect(closed.status).toBe('closed');
    expect(closed.ledger.map(({ status }) => status)).toEqual(['reverted', 'reverted']);
  });

  it('stops in release-conflict if an action could not be undone, and can be continued', () => {
    const releasing = changedBy(contained(), operator('release'));
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
    expect(perform(changedBy(flushed(stuck), operator('release'))).status).toBe('closed');
  });

  it('remembers a closed case, so that a late repeat opens no case', () => {
    const closed = perform(changedBy(contained(), operator('release')));

    expect(decide(closed, alarm(), aContext({ newCaseId: 'case-2' })).outcome).toBe('unchanged');
    expect(changedBy(closed, alarm({ occurredAt: now + 10 }), { newCaseId: 'case-2' })).toMatchObject({
      caseId: 'case-2',
      status: 'containing',
    });
  });

  it('approves a waiting case, and contains on command', () => {
    const waiting = changedBy(undefined, alarm(), { fleetLimitReached: true });

    expect(changedBy(waiting, operator('approve')).status).toBe('containing');
    expect(changedBy(undefined, operator('contain')).ledger.map(({ action }) => action)).toEqual([
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
    const planned = changedBy(undefined, alarm());
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
