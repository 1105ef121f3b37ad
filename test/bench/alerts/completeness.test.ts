import { findProblems, type Outcome } from '../../../bench/alerts/completeness';
import type { Case } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { changeCase, flushed, words } from '../../builders';
import { alarm, lead, led } from '../../shared/domain/lead-case';

const behaviors = ['no-child-processes'];
const record = led(undefined, alarm());
const { caseId, thingName } = record;
const expected = new Map([[thingName, behaviors]]);
const told = { id: `${caseId}#1`, kind: 'contained', thingName };
const timeline = ['quarantine applied', 'disconnect applied', 'contained'];

function anOutcome(over: Partial<Outcome> = {}): Outcome {
  return {
    cases: [record],
    timelines: new Map([[caseId, timeline]]),
    members: [thingName],
    announcements: [told],
    failedInvocations: 0,
    messages: { 'cordon-dev-alerts': 0, 'cordon-dev-alerts-dead': 0 },
    ...over,
  };
}

const open = changeCase(record, { status: 'containing', reason: words('not yet') });
const owing = lead(undefined, alarm());
const owed = owing.outbox.announcements.length + owing.outbox.timeline.length;
const unproven: Case = {
  ...record,
  ledger: record.ledger.map((entry) =>
    entry.action === 'disconnect' ? { ...entry, status: 'applied' } : entry,
  ),
};

describe('the state after a storm', () => {
  it('is complete if each thing was contained once and announced once', () => {
    expect(findProblems(expected, anOutcome())).toEqual([]);
  });

  it.each<[string, Partial<Outcome>, string]>([
    ['no case', { cases: [] }, 'mything1: has 0 cases'],
    ['two cases', { cases: [record, flushed(record)] }, 'mything1: has 2 cases'],
    ['a case that is not contained', { cases: [open] }, 'mything1: is containing: not yet'],
    [
      'an outbox that is not empty',
      { cases: [owing] },
      `mything1: still owes ${owed} entries or announcements`,
    ],
    [
      'a lost violation',
      { cases: [{ ...record, violations: {} }] },
      'mything1: the violation of no-child-processes was lost',
    ],
    ['an action that is not verified', { cases: [unproven] }, 'mything1: disconnect is applied'],
    [
      'an action applied twice',
      { timelines: new Map([[caseId, [...timeline, 'quarantine applied']]]) },
      'mything1: its timeline says "quarantine applied" 2 times',
    ],
    ['a thing outside the group', { members: [] }, 'mything1: is not in the quarantine group'],
    ['a thing twice in it', { members: [thingName, thingName] }, 'mything1: twice in the quarantine group'],
    ['a thing that raised nothing', { members: [thingName, 'other'] }, 'other: quarantined for nothing'],
    [
      'a case that nothing asked for',
      { cases: [record, { ...record, thingName: thingKey('other') }] },
      'other: has a case that nothing asked for',
    ],
    ['nobody told', { announcements: [] }, 'mything1: was told as contained 0 times'],
    [
      'a repeated announcement',
      { announcements: [told, told] },
      `the announcement ${told.id} was published twice`,
    ],
    [
      'a message nobody could handle',
      { messages: { 'cordon-dev-alerts-dead': 1 } },
      '1 messages ended in cordon-dev-alerts-dead',
    ],
    [
      'a message still waiting',
      { messages: { 'cordon-dev-alerts': 2 } },
      '2 messages still are in cordon-dev-alerts',
    ],
  ])('is incomplete with %s', (_, over, problem) => {
    expect(findProblems(expected, anOutcome(over))).toEqual([problem]);
  });

  it('may have one repeated announcement for a killed invocation, and no more', () => {
    const killed = (announcements: Outcome['announcements']) =>
      findProblems(expected, anOutcome({ failedInvocations: 1, announcements }));

    expect(killed([told, told])).toEqual([]);
    expect(killed([told, told, told])).toHaveLength(1);
  });
});
