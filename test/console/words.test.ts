import type { CaseAnswer } from '../../console/api/types';
import { showUnseen } from '../../console/api/visible';
import { type BulkAction, bulkActions, listCommonActions } from '../../console/operator-actions/bulk';
import { shortenActor, shortenEvent } from '../../console/words/actor';
import { writeAddress } from '../../console/words/choices';
import { findStorms, writeStorm } from '../../console/words/group';
import { listActions } from '../../console/words/operator-actions';
import { buildTree, type ProcessNode } from '../../console/words/process-tree';
import { writeStrength } from '../../console/words/proof';
import { splitRules } from '../../console/words/rules';
import { writeStory } from '../../console/words/sentence';
import { writeClock, writeDuration, writeRelative, writeTimeLeft } from '../../console/words/time';
import { findThreshold, writeValue } from '../../console/words/violation';
import type { CaseGroup } from '../../shared/api/lists';
import { caseStatuses } from '../../shared/domain/case/status';
import { listPossible, operatorActionDescriptors } from '../../shared/domain/decide/operator-actions';
import { describeReason } from '../../shared/domain/messages/describe-reason';
import { changeCase } from '../builders';
import { aContainedCase } from '../cli/stored-cases';

const now = Date.UTC(2026, 10, 29, 8, 0, 0);
const minute = 60_000;

describe('the console’s times', () => {
  it.each([
    [324, '324 ms'],
    [59_000, '59 s'],
    [61_000, '1 min'],
    [90 * minute, '1 h 30 min'],
    [10 * 60 * minute + minute, '10 h'],
    [24 * 60 * minute, '1 day'],
    [-5, '0 ms'],
  ])('writes %d ms as %s', (ms, words) => expect(writeDuration(ms)).toBe(words));

  it('says how long ago, how soon, and how much time is left', () => {
    expect(writeRelative(now - 3 * minute, now)).toBe('3 min ago');
    expect(writeRelative(now + 3 * minute, now)).toBe('in 3 min');
    expect(writeRelative(now + 500, now)).toBe('just now');
    expect(writeTimeLeft(now + 57 * minute, now)).toBe('57 min left');
    expect(writeTimeLeft(now, now)).toBe('expired');
  });

  it('names the day of a time that is not today', () => {
    expect(writeClock(now - 60 * minute, now, 'UTC')).toBe('07:00');
    expect(writeClock(now - 24 * 60 * minute, now, 'UTC')).toBe('28 Nov, 08:00');
  });
});

describe('a violation in the console’s words', () => {
  const atMost = JSON.stringify({ comparisonOperator: 'less-than-equals', value: { count: 0 } });

  it.each([
    [{ number: 1_500 }, '1,500'],
    [{ ports: [22, 80] }, '22, 80'],
    [{ strings: ['a', 'b', 'c', 'd', 'e', 'f'] }, 'a, b, c, d, e and 1 more'],
    [{ cidrs: [] }, 'none'],
    [undefined, 'unknown'],
  ])('writes %j as %s', (value, words) => expect(writeValue(value)).toBe(words));

  it('finds the threshold of a chart, and none in criteria that are no JSON', () => {
    expect([findThreshold(atMost), findThreshold('<b>'), findThreshold(undefined)]).toEqual([
      0,
      undefined,
      undefined,
    ]);
  });
});

describe('the sentence of a case', () => {
  const record: CaseAnswer = {
    thingName: 'mything1',
    caseId: 'c1',
    status: 'contained',
    severity: 'critical',
    openedAt: now,
    updatedAt: now,
    containedAt: now,
    alertToVerifiedMs: 324,
    acts: [],
    possible: [],
    restores: [],
    ledger: [],
    violations: [
      {
        key: 'p/b',
        words: '3 child processes of myapp; at most 0 is normal',
        metric: 'num_child_procs_myapp',
        lastEventType: 'in-alarm',
        value: { number: 3 },
        criteria: '{"comparisonOperator":"less-than-equals","value":{"number":0}}',
      },
    ],
  };

  it('says what happened, on what, what was done, and who decided', () => {
    const [violation] = record.violations;
    const words = violation?.words;
    expect(writeStory({ ...record, playbook: 'spawned-child', ledger: [{ action: 'a', status: 'b' }] })).toBe(
      `mything1: ${words}. It is contained, and the denial is verified, 324 ms after the alert. Playbook spawned-child decided it.`,
    );
    const cleared = { key: 'p/b', words: '0 child processes', lastEventType: 'alarm-cleared' };
    expect(writeStory({ ...record, violations: [cleared] })).toMatch(
      /^mything1 was out of bounds\. Now: 0 child processes\. /,
    );
    const actor = 'arn:aws:sts::000000000000:assumed-role/soc/ada';
    expect(
      writeStory({ ...record, decided: { command: 'approve', actor, comment: 'no update runs' } }),
    ).toMatch(/alert\. Approval by soc\/ada: “no update runs”$/);
    expect(writeStory({ ...record, decided: { command: 'sweep', actor: 'bob' } })).toMatch(
      / sweep by bob\.$/,
    );
  });

  it('gives the reason why a case waits, and how long it was held', () => {
    expect(
      writeStory({ ...record, violations: [], status: 'awaiting-approval', reason: 'the fleet limit' }),
    ).toBe(
      'Somebody asked to contain mything1. It is not contained: it waits for your approval. Reason: the fleet limit.',
    );
    expect(writeStory({ ...record, status: 'closed', closedAt: now + 5 * minute })).toMatch(
      /It was contained and the case is closed; it was held for 5 min\.$/,
    );
  });

  it('does not repeat in the reason that the denial is not verified yet', () => {
    const detail = [{ code: 'old-session', clientId: 'mything1' }] as const;
    const reason = describeReason({ code: 'unverified', detail });

    expect(reason).toMatch(/^applied, not verified yet: /);
    expect(writeStory({ ...record, violations: [], status: 'containing', reason })).toBe(
      'Somebody asked to contain mything1. It is being contained; the denial is not verified yet. Reason: mything1 is connected with a session older than the denial.',
    );
  });

  it('says how strong the containment is', () => {
    const entry = (status: string) => ({ action: status, status });
    expect(writeStrength([])).toBe('Nothing holds this device.');
    expect(writeStrength([entry('reverted')])).toBe('Nothing holds this device any more.');
    expect(writeStrength([entry('verified')])).toBe('1 of 1 action is proven.');
    expect(writeStrength([entry('verified'), entry('failed')])).toBe(
      '1 of 2 actions are proven; AWS refused 1.',
    );
  });
});

describe('the process tree', () => {
  const names = (nodes: readonly ProcessNode[]): unknown =>
    nodes.map(({ name, children }) => (children.length > 0 ? [name, names(children)] : name));

  it('puts processes below their parents, and a child of a found process below that one', () => {
    const evidence = [
      { pid: 12, ppid: 11, executable: '/usr/bin/curl', parents: ['sh', 'myapp', 'systemd'] },
      { pid: 11, ppid: 10, executable: '/bin/sh', parents: ['myapp', 'systemd'] },
      { pid: 13, ppid: 10, commandLine: 'sleep 60', parents: ['myapp', 'systemd'] },
    ];
    expect(names(buildTree(evidence))).toEqual([['systemd', [['myapp', [['sh', ['curl']], 'sleep']]]]]);
  });

  it('shows a process of which little is known', () => {
    expect(names(buildTree([{}, { pid: 7 }]))).toEqual(['a process', 'process 7']);
  });
});

describe('a storm', () => {
  const group: CaseGroup = {
    status: 'awaiting-approval',
    behaviors: ['myapp-processes/no-child-processes'],
    cases: 290,
    severity: 'critical',
    firstOpenedAt: now - 60 * minute,
    lastOpenedAt: now,
    assigned: 0,
    things: [],
  };

  it('is one line', () => {
    expect(writeStorm(group, now, 'UTC')).toBe('290 wait for approval since 07:00, all no-child-processes');
  });

  it('is five or more similar cases in a status that the list shows', () => {
    const few = { ...group, cases: 4 };
    expect(findStorms([group, few], ['awaiting-approval'])).toEqual([group]);
    expect(findStorms([group], ['contained'])).toEqual([]);
  });
});

describe('cordon.yml in blocks', () => {
  it('gives each behavior a block, and the rest one of its own', () => {
    expect(splitRules('Detector: cordon\np/b (all)\n  normal: 0\n    1. playbook\n\nKept: 30 days')).toEqual([
      {
        title: 'p/b (all)',
        lines: [
          { text: 'normal: 0', isInner: false },
          { text: '1. playbook', isInner: true },
        ],
      },
      {
        title: 'In general',
        lines: [
          { text: 'Detector: cordon', isInner: false },
          { text: 'Kept: 30 days', isInner: false },
        ],
      },
    ]);
  });
});

describe('text of a device', () => {
  it('shows characters that hide or reverse text, and leaves those that scripts and emoji need', () => {
    expect(showUnseen('\u202Egpj.exe\u200B\u0000')).toBe('[U+202E]gpj.exe[U+200B][U+0000]');
    expect(showUnseen('my\u200Dapp')).toBe('my[U+200D]app');
    expect(showUnseen('👩\u200D💻 نامه\u200Cای שלום\ttab\n')).toBe('👩\u200D💻 نامه\u200Cای שלום\ttab\n');
  });
});

describe('the acts of a case', () => {
  it('begin with what is recommended and end with what cuts a device off', () => {
    const act = (
      action: 'contain' | 'approve' | 'reject' | 'harden' | 'comment',
      emphasis?: 'recommended' | 'dangerous',
    ) => ({
      ...{ action, description: '', consequence: '' },
      ...(emphasis && { emphasis }),
    });
    const possible = [
      act('harden', 'dangerous'),
      act('reject'),
      act('approve', 'recommended'),
      act('comment'),
    ];
    const list = (acts: typeof possible) => listActions(acts).map(({ action }) => action);

    expect(list(possible)).toEqual(['approve', 'reject', 'harden']);
    // A case that waits for approval is contained by approving it.
    expect(list([act('contain', 'dangerous'), ...possible])).toEqual(['approve', 'reject', 'harden']);
    expect(list([act('contain', 'dangerous'), act('comment')])).toEqual(['contain']);
  });
});

it.each([
  ['arn:aws:iam::000000000000:user/ada', 'ada'],
  ['arn:aws:sts::000000000000:assumed-role/operators/ada', 'operators/ada'],
  [
    'arn:aws-cn:sts::000000000000:assumed-role/AWSReservedSSO_Operators_0123456789abcdef/ada@example.com',
    'ada@example.com',
  ],
  ['ada@example.com', 'ada@example.com'],
])('shortens %s to %s', (actor, name) => expect(shortenActor(actor)).toBe(name));

it('names an assignee in the same way as the person who acts', () => {
  expect(shortenEvent('assigned to arn:aws:iam::000000000000:user/ada')).toBe('assigned to ada');
  expect(shortenEvent('assigned to ada@example.com')).toBe('assigned to ada@example.com');
  expect(shortenEvent('release ordered')).toBe('release ordered');
});

it('leads to the list with its filter, or to the first list without a name', () => {
  expect(writeAddress({ group: 'pumps' })).toBe('/console?group=pumps');
  expect(writeAddress({ show: 'Contained', thing: '', behaviors: '', group: 'a:b' })).toBe(
    '/console?show=Contained&behaviors=&group=a%3Ab',
  );
  expect(writeAddress({ thing: '', behaviors: undefined, group: undefined })).toBe('/console');
});

describe('acts on many cases', () => {
  it('are those that each of the cases has, whatever failed: somebody can take them, harden or release', () => {
    expect(listCommonActions(['containment-failed'])).toEqual(['release', 'harden', 'assign']);
    expect(listCommonActions(['containment-failed', 'contained'])).toEqual(['release', 'harden', 'assign']);
    expect(listCommonActions(['containment-failed', 'awaiting-approval'])).toEqual(['assign']);
    expect(listCommonActions(['observed', 'release-conflict'])).toEqual(['dismiss', 'assign']);
    expect(listCommonActions(['observed', 'closed'])).toEqual([]);
  });

  it('are acts that the rules accept for a case of the status', () => {
    const { record } = aContainedCase();
    for (const status of caseStatuses) {
      const isHeld = !['observed', 'awaiting-approval', 'closed'].includes(status);
      const conflict = record.ledger.map((entry) => ({ ...entry, status: 'conflict' as const }));
      const ledger = status === 'release-conflict' ? conflict : isHeld ? record.ledger : [];
      const refused = bulkActions[status].filter(
        (act) => !listPossible(changeCase(record, { status, ledger })).includes(act),
      );
      expect([status, refused]).toEqual([status, []]);
    }
  });

  it('are acts that the API offers for a case of the status', () => {
    const offered = (act: BulkAction) => operatorActionDescriptors[act].offeredIn;
    for (const [status, acts] of Object.entries(bulkActions))
      for (const act of ['approve', 'reject', 'release', 'dismiss'] as const)
        expect([status, act, acts.includes(act)]).toEqual([
          status,
          act,
          offered(act).some((one) => one === status),
        ]);
  });
});
