import type { Case } from '../../../../shared/domain/case/case';
import type { Playbook } from '../../../../shared/domain/configuration';
import type { Decision } from '../../../../shared/domain/decide/decision';
import { writeAnnouncement } from '../../../../shared/domain/messages/announcement';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { describeReason } from '../../../../shared/domain/messages/describe-reason';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { readCase, writeCase } from '../../../../shared/storage/case-item';
import {
  aConfiguration,
  aContext,
  account,
  anExternalFinding,
  aPlaybook,
  aViolation,
  decide,
  now,
  type Situation,
} from '../../../builders';

const siem = { name: 'siem', limit: { things: 3, within: 3_600_000 }, maxAge: 900_000 };

const under = (playbooks: readonly Playbook[], over: Partial<Situation> = {}) =>
  aContext({
    configuration: aConfiguration({ playbooks: [...playbooks], sources: { external: [siem] } }),
    ...over,
  });

const found = (over: Parameters<typeof anExternalFinding>[0] = {}) =>
  ({
    type: 'violation',
    thingName: thingKey('mything1'),
    violation: anExternalFinding(over),
  }) as const;

const ofSiem = aPlaybook({ name: 'siem', when: { source: 'siem' } });
const key = 'external finding/siem/uid-1';

function nextOf(decision: Decision): Case {
  if (decision.outcome !== 'changed') throw new Error(decision.reason.code);
  return decision.next;
}

function caseAfter(context: Situation, event = found(), before?: Case): Case {
  return nextOf(decide(before, event, context));
}

describe('a finding of another product', () => {
  it('contains a thing by a playbook that names its sender', () => {
    const record = caseAfter(under([aPlaybook(), ofSiem]));

    expect(record).toMatchObject({
      status: 'containing',
      playbook: 'siem',
      detector: 'external',
      violations: { [key]: { kind: 'external', source: 'siem', lastEventType: 'in-alarm' } },
    });
  });

  it.each(['name', 'uid', 'hostname'] as const)(
    'asks first if only the device’s %s is the name of the thing, and contains it on approval',
    (text) => {
      const context = under([ofSiem]);

      const asked = caseAfter(context, found({ namedBy: text }));

      expect(asked.status).toBe('awaiting-approval');
      expect(describeCase(asked).reason).toBe(
        `siem names the thing only as device.${text}, which another machine may have too: compare before you approve`,
      );
      // Whoever else names the thing by its ARN needs no approval.
      expect(caseAfter(context, found({ occurredAt: now + 1 }), asked).status).toBe('containing');
      const approval = { type: 'approve', thingName: thingKey('mything1'), actor: 'ada' } as const;
      expect(nextOf(decide(asked, approval, context)).status).toBe('containing');
    },
  );

  it.each<[string, Playbook['when']]>([
    ['without a condition', {}],
    ['for another sender', { source: 'ndr' }],
    ['for a thing of its group', { thingGroup: 'sensors' }],
    ['for a graver finding', { source: 'siem', severity: 'critical' }],
  ])('is only recorded, as severe as its sender says, if the playbook is one %s', (_, when) => {
    const record = caseAfter(under([aPlaybook({ when })]));

    expect(record).toMatchObject({ status: 'observed', severity: 'high', reason: { code: 'no-playbook' } });
    expect(record.ledger).toEqual([]);
    expect(describeCase(record).reason).toBe('no playbook names its source');
  });

  it('is met by no alarm of a behavior', () => {
    const alarm = { type: 'violation', thingName: thingKey('mything1'), violation: aViolation() } as const;

    expect(nextOf(decide(undefined, alarm, under([ofSiem])))).toMatchObject({
      status: 'observed',
      reason: { code: 'no-playbook' },
    });
  });

  it('takes a place within the limit of its sender before one of the fleet, and asks if there is none', () => {
    const asked: unknown[] = [];
    const refused = decide(undefined, found(), under([ofSiem], { fleetLimitReached: true }), (question) =>
      asked.push(question),
    );

    expect(asked).toEqual(['facts', 'reservation', 'fleetNotice']);
    const record = nextOf(refused);
    expect(record).toMatchObject({
      status: 'awaiting-approval',
      reason: { code: 'sender-limit', sender: 'siem', things: 3, withinMs: 3_600_000 },
    });
    expect(record.reason && describeReason(record.reason)).toBe(
      'siem has reached its limit: 3 things within 1 hour',
    );
  });

  it('announces the limit of its sender to people once, and each case to other systems', () => {
    const record = caseAfter(under([ofSiem], { fleetLimitReached: true, fleetLimitTold: true }));

    expect(record).toMatchObject({ quiet: true, outbox: { announcements: [{ quiet: true }] } });
  });

  it('is news again with a later time only: a repeat, or an older one, changes nothing', () => {
    const record = caseAfter(under([ofSiem]));

    for (const occurredAt of [now - 100, now - 101])
      expect(decide(record, found({ occurredAt }), under([ofSiem]))).toMatchObject({
        outcome: 'unchanged',
        reason: { code: 'late-event' },
      });
    expect(
      caseAfter(under([ofSiem]), found({ occurredAt: now - 1 }), record).violations[key]?.lastEventAt,
    ).toBe(now - 1);
  });

  it('is kept as one of the newest 30, so that a sender can’t fill the item of a case', () => {
    let record: Case | undefined;
    for (let index = 0; index < 100; index += 1)
      record = caseAfter(
        under([ofSiem]),
        found({ violationId: `uid-${index}`, occurredAt: now - 1_000 + index }),
        record,
      );

    const keys = Object.keys(record?.violations ?? {});
    expect(keys).toHaveLength(30);
    expect(keys).toContain('external finding/siem/uid-99');
  });

  it('is announced in words and with its kind, and is the same after it was stored', () => {
    const record = caseAfter(under([ofSiem]));
    const [pending] = record.outbox.announcements;
    const told = writeAnnouncement(
      record,
      pending ?? { seq: 1, at: now, kind: 'containing', news: [] },
      { state: 'off' },
      { own: account, customMetrics: {} },
    );

    expect(told).toMatchObject({
      detector: 'external',
      inAlarm: [key],
      violations: [
        {
          behavior: key,
          kind: 'external',
          metric: '',
          words: 'siem reports: Beacon to 203.0.113.9 (high, found by Acme NDR)',
        },
      ],
    });
    expect(readCase(JSON.parse(JSON.stringify(writeCase(record))))).toEqual(record);
    expect(describeCase(record).outbox.timeline.map(({ detail }) => detail)).toContain(
      `${key}: Beacon to 203.0.113.9, high, Acme NDR`,
    );
  });

  it('is judged again with its sender’s limit once the kill switch is off', () => {
    const held = caseAfter(under([ofSiem], { killSwitch: { state: 'on' } }));
    const resume = { type: 'resume', thingName: thingKey('mything1') } as const;

    const record = nextOf(decide(held, resume, under([ofSiem], { now: now + 600_000 })));

    expect(record).toMatchObject({ status: 'containing', playbook: 'siem' });
  });
});
