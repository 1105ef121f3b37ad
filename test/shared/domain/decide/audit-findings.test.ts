import type { Case } from '../../../../shared/domain/case/case';
import type { LedgerEntry } from '../../../../shared/domain/case/ledger-entry';
import { findReleaseAt } from '../../../../shared/domain/case/release-rule';
import { listStrength } from '../../../../shared/domain/case/strength';
import type { Decision } from '../../../../shared/domain/decide/decision';
import type { Finding } from '../../../../shared/domain/findings/finding';
import { writeAnnouncement } from '../../../../shared/domain/messages/announcement';
import { describeAllNews, describeStrength } from '../../../../shared/domain/messages/describe-news';
import { describeReason } from '../../../../shared/domain/messages/describe-reason';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { recallCases } from '../../../../shared/replay/recording';
import { readCase, writeCase } from '../../../../shared/storage/case-item';
import {
  aConfiguration,
  aContext,
  account,
  anAuditFinding,
  aPlaybook,
  aViolation,
  decide,
  now,
  type Situation,
} from '../../../builders';

const check = 'DEVICE_CERTIFICATE_SHARED_CHECK' as const;
const certificateId = 'a'.repeat(64);
const key = `audit finding/${check}/${certificateId}`;
const day = 86_400_000;

const approving = aPlaybook({
  name: 'shared',
  when: { auditCheck: check },
  mode: 'approve',
  actions: ['deactivate-certificate'],
});

const under = (over: Partial<Situation> = {}) =>
  aContext({ configuration: aConfiguration({ playbooks: [aPlaybook(), approving] }), ...over });

const found = (violation: Finding) =>
  ({ type: 'violation', thingName: thingKey('mything1'), violation }) as const;

function nextOf(decision: Decision): Case {
  if (decision.outcome !== 'changed') throw new Error(decision.reason.code);
  return decision.next;
}

const take = (before: Case | undefined, violation: Finding, over: Partial<Situation> = {}) =>
  nextOf(decide(before, found(violation), under(over)));

const tomorrow = { occurredAt: now + day - 100, violationId: 'finding-2' };

describe('a finding of an audit', () => {
  it('waits for approval by a playbook that names its check', () => {
    expect(take(undefined, anAuditFinding())).toMatchObject({
      status: 'awaiting-approval',
      playbook: 'shared',
      detector: 'audit',
      violations: { [key]: { kind: 'audit', check, resource: certificateId, lastEventType: 'in-alarm' } },
    });
  });

  it('is only recorded, as severe as the audit says, if no playbook names its check', () => {
    const record = take(
      undefined,
      anAuditFinding({ check: 'CONFLICTING_CLIENT_IDS_CHECK', severity: 'high' }),
    );

    expect(record).toMatchObject({ status: 'observed', severity: 'high' });
    expect(record.reason && describeReason(record.reason)).toBe('no playbook names its check');
  });

  it('is the same case in the audit of the next day, without a message', () => {
    const first = take(undefined, anAuditFinding());
    const again = take(first, anAuditFinding(tomorrow), { now: now + day });

    expect(again).toMatchObject({ caseId: first.caseId, announcementSeq: first.announcementSeq });
    expect(again.violations[key]).toMatchObject({
      violationId: 'finding-2',
      lastEventAt: tomorrow.occurredAt,
    });
    expect(again.outbox.timeline).toEqual(first.outbox.timeline);
  });

  it('that is only recorded ends its case once a later audit no longer has it', () => {
    const open = take(undefined, anAuditFinding({ check: 'CONFLICTING_CLIENT_IDS_CHECK' }));
    const cleared = anAuditFinding({
      ...tomorrow,
      check: 'CONFLICTING_CLIENT_IDS_CHECK',
      eventType: 'alarm-cleared',
    });

    expect(take(open, cleared, { now: now + day })).toMatchObject({
      status: 'closed',
      reason: { code: 'cleared' },
    });
  });

  it('does not delay the release of a thing that is clean otherwise', () => {
    const held: Case = {
      ...take(take(undefined, aViolation()), anAuditFinding()),
      release: { clearedFor: 60_000 },
      containedAt: now,
    };
    const clean = take(held, aViolation({ eventType: 'alarm-cleared', occurredAt: now + 10 }), {
      now: now + 20,
    });

    expect(findReleaseAt(clean)).toBe(now + 10 + 60_000);
  });

  it.each([
    [
      check,
      certificateId,
      'an audit found that certificate aaaaaaaa was shared: another device may use it',
      true,
    ],
    [
      'IOT_POLICY_OVERLY_PERMISSIVE_CHECK' as const,
      'device',
      'an audit found that policy device allows too much: it may be a way round the containment',
      false,
    ],
  ])(
    'of %s on a held thing announces the way round, after its end too if a held thing can not show it',
    (name, resource, words, stays) => {
      const finding = anAuditFinding({ check: name, resource });
      const held = take(take(undefined, aViolation()), finding);
      const ended = take(
        held,
        { ...finding, eventType: 'alarm-cleared', occurredAt: now },
        { now: now + 10 },
      );

      expect(listStrength(held).map(describeStrength)).toContain(words);
      expect(listStrength(ended).map(describeStrength).includes(words)).toBe(stays);
    },
  );

  const inactive = (status: LedgerEntry['status'], id = certificateId): LedgerEntry => ({
    action: 'deactivate-certificate',
    status,
    prior: {
      action: 'deactivate-certificate',
      certificates: [{ certificateId: id, statusBefore: 'ACTIVE' }],
    },
    plannedAt: now,
    attempts: 1,
  });
  const replaced = (policyName: string): LedgerEntry => ({
    action: 'replace-policy-version',
    status: 'verified',
    prior: {
      action: 'replace-policy-version',
      document: '{}',
      policies: [{ policyName, defaultVersionId: '1' }],
      principals: [],
    },
    plannedAt: now,
    attempts: 1,
  });
  const spread = { temporary: { spreadMs: 60_000 } };

  it.each<[string, 'policy' | 'certificate', LedgerEntry, boolean]>([
    ['its certificate is inactive until the release', 'certificate', inactive('verified'), true],
    ['another certificate is inactive', 'certificate', inactive('verified', 'b'.repeat(64)), false],
    ['its certificate is perhaps inactive', 'certificate', inactive('applied'), false],
    ['its certificate was inactive', 'certificate', inactive('reverted'), false],
    ['it is inactive for minutes', 'certificate', { ...inactive('verified'), ...spread }, false],
    ['the policy is replaced', 'certificate', replaced('device'), false],
    ['no certificate of the thing can connect', 'policy', inactive('verified'), true],
    ['they can’t for minutes', 'policy', { ...inactive('verified'), ...spread }, false],
    ['it is replaced by one that denies', 'policy', replaced('device'), true],
    ['another is replaced', 'policy', replaced('other'), false],
  ])('names a way round as long as it is one, if %s (%s)', (_, object, entry, isClosed) => {
    const finding =
      object === 'policy'
        ? anAuditFinding({ check: 'IOT_POLICY_OVERLY_PERMISSIVE_CHECK', resource: 'device' })
        : anAuditFinding();
    const before = take(undefined, aViolation());
    const held: Case = { ...before, ledger: [...before.ledger, entry] };
    const told = take(held, finding);

    expect(listStrength(told).some(({ code }) => code === 'undermined')).toBe(!isClosed);
    expect(told.outbox.announcements.at(-1)?.news.some(({ code }) => code === 'undermined')).toBe(!isClosed);
  });

  it('that is a way round is announced at once, however many alarms the device raises', () => {
    const finding = anAuditFinding();
    const held = take(undefined, aViolation());
    const lastNews = ({ outbox: { announcements } }: Case) => announcements.at(-1)?.news;
    const told = take(held, finding);
    expect(lastNews(told)).toEqual([
      expect.objectContaining({ code: 'further-violation', behavior: key }),
      { code: 'undermined', object: 'certificate', name: certificateId },
    ]);

    let flooded = held;
    for (let index = 0; index < 8; index += 1)
      flooded = take(flooded, aViolation({ behaviorName: `other-${index}`, violationId: `other-${index}` }));
    const seq = flooded.announcementSeq;
    flooded = take(flooded, finding);

    expect(flooded.announcementSeq).toBe(seq + 1);
    expect(lastNews(flooded)).toContainEqual({
      code: 'undermined',
      object: 'certificate',
      name: certificateId,
    });
    expect(take(flooded, { ...finding, occurredAt: now + 5 }, { now: now + 5 }).announcementSeq).toBe(
      seq + 1,
    );
  });

  it('that was a way round is announced when a later audit no longer has it, and only while the thing is held', () => {
    const finding = anAuditFinding({ check: 'IOT_POLICY_OVERLY_PERMISSIVE_CHECK', resource: 'device' });
    const clear = { ...finding, eventType: 'alarm-cleared' as const, occurredAt: now + 1 };
    const held = take(take(undefined, aViolation()), finding);
    const ended = take(held, clear, { now: now + 10 });
    const last = ended.outbox.announcements.at(-1);
    const contained: Case = { ...held, release: { after: 60_000 }, containedAt: now };
    const endedLater = take(contained, clear, { now: now + 10 });
    const shared = take(take(undefined, aViolation()), anAuditFinding());

    expect(last).toMatchObject({ kind: 'way-round-closed' });
    expect(describeAllNews(last?.news ?? [])).toBe(
      'a later audit found that policy device is no longer a way round the containment',
    );
    expect(endedLater.announcementSeq).toBe(held.announcementSeq + 1);
    expect(take(ended, { ...clear, occurredAt: now + 2 }, { now: now + 20 }).announcementSeq).toBe(
      ended.announcementSeq,
    );
    // While a thing is held, its certificate can't be seen as shared, so the end of that finding means nothing.
    expect(
      take(shared, { ...anAuditFinding(), eventType: 'alarm-cleared', occurredAt: now }, { now: now + 10 })
        .announcementSeq,
    ).toBe(shared.announcementSeq);
  });

  it('is read in messages in words, and stored and replayed as it is', () => {
    const record = take(undefined, anAuditFinding());
    const announcement = writeAnnouncement(
      record,
      { seq: 1, at: now, kind: 'approval-needed', news: [] },
      { state: 'off' },
      { own: account, customMetrics: {} },
    );

    expect(announcement.violations).toMatchObject([
      {
        behavior: key,
        kind: 'audit',
        words: 'Multiple devices use the certificate (audit of aaaaaaaa, critical)',
      },
    ]);
    expect(readCase(JSON.parse(JSON.stringify(writeCase(record))))).toEqual(record);
    expect(recallCases([record], 0).violations).toEqual([anAuditFinding()]);
  });
});
