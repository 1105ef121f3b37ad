import type { LedgerEntry } from '../../../../shared/domain/case/ledger-entry';
import { listRestorations } from '../../../../shared/domain/lists/restores';
import { now } from '../../../builders';

const id = 'ab'.repeat(32);
const arn = `arn:aws:iot:us-east-1:123456789012:cert/${id}`;
const entry = (prior: LedgerEntry['prior'], status: LedgerEntry['status'] = 'verified'): LedgerEntry => ({
  ...{ action: prior.action, prior, status, plannedAt: now, attempts: 1 },
});
const group = {
  action: 'quarantine',
  thingGroup: 'cordon-quarantine',
  memberBefore: false,
  groupsBefore: [],
  principals: [arn],
} as const;

describe('what a release restores', () => {
  it('is the state before each action of the objects that it changed', () => {
    const ledger = [
      entry(group),
      entry({
        action: 'deny-certificate',
        policyName: 'deny',
        certificates: [{ arn, attachedBefore: false }],
      }),
      entry({
        action: 'deactivate-certificate',
        certificates: [{ certificateId: id, statusBefore: 'ACTIVE' }],
      }),
      entry({
        action: 'replace-policy-version',
        document: '{}',
        policies: [{ policyName: 'app', defaultVersionId: '3' }],
        principals: [arn],
      }),
      entry({ action: 'job', jobId: 'j' }),
    ];

    expect(listRestorations({ ledger }).map(({ object, name, before }) => [object, name, before])).toEqual([
      ['thing group', 'cordon-quarantine', 'no member'],
      ['attached policy', id, 'not attached'],
      ['certificate', id, 'ACTIVE'],
      ['policy version', 'app', 'version 3 is the default'],
      ['job', 'j', 'canceled'],
    ]);
  });

  it('leaves out objects that were in this state before, or are already restored', () => {
    const ledger = [
      entry({ ...group, memberBefore: true }),
      entry({
        action: 'deny-certificate',
        policyName: 'deny',
        certificates: [{ arn, attachedBefore: true }],
      }),
      entry({
        action: 'deactivate-certificate',
        certificates: [{ certificateId: id, statusBefore: 'INACTIVE' }],
      }),
      entry(group, 'reverted'),
    ];

    expect(listRestorations({ ledger })).toEqual([]);
  });

  it('is not certain of what an action changed that failed', () => {
    const ledger = [entry(group, 'failed')];

    expect(listRestorations({ ledger })).toEqual([
      expect.objectContaining({ now: 'perhaps a member', before: 'no member' }),
    ]);
  });
});
