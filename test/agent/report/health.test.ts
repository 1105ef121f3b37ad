import { describeHealth, type HealthFacts } from '../../../agent/report/health';
import { noProblems } from '../builders';

function facts(changes: Partial<HealthFacts> = {}): HealthFacts {
  return {
    mode: 'children',
    wantedMs: 100,
    sampleMs: 101,
    restarts: 0,
    spool: 0,
    announcesPids: true,
    isHidden: false,
    failures: {},
    problems: noProblems(),
    caveats: [],
    stoodStillMs: 0,
    ...changes,
  };
}

describe('the health of the agent', () => {
  it('says that it sees all, how often it samples and which version it is', () => {
    expect(describeHealth(facts({ restarts: 2, spool: 3 }))).toEqual({
      agent: '0.0.0',
      mode: 'children',
      sampleMs: 101,
      restarts: 2,
      spool: 3,
      degraded: [],
    });
  });

  it.each<[string, Partial<HealthFacts>]>([
    ['cpu-budget', { sampleMs: 160 }],
    ['gap', { stoodStillMs: 7000 }],
    ['no-children-files', { mode: 'scan' }],
    ['no-new-pids', { announcesPids: false }],
    ['hidden', { isHidden: true }],
    ['unreadable', { failures: { '/proc/net/tcp': 'EIO' } }],
    ['shared-cgroup', { caveats: [{ reason: 'shared-cgroup', note: 'it shares a cgroup' }] }],
    ['exceptions', { caveats: [{ reason: 'exceptions', note: 'too short' }] }],
    ['sigchld-ignored', { caveats: [{ reason: 'sigchld-ignored', note: 'it ignores SIGCHLD' }] }],
  ])('is degraded by %s alone', (reason, changes) => {
    expect(describeHealth(facts(changes)).degraded).toEqual([reason]);
  });

  it('says each thing once, however many metrics it concerns', () => {
    const caveats = [
      { reason: 'shared-cgroup', note: 'a' },
      { reason: 'shared-cgroup', note: 'b' },
      { reason: 'shared-cgroup', note: 'a' },
    ] as const;

    expect(describeHealth(facts({ caveats }))).toMatchObject({
      degraded: ['shared-cgroup'],
      notes: ['a', 'b'],
    });
  });

  it('is degraded by a spool that it can’t write, although it can read every metric', () => {
    const problems = noProblems();
    problems.note('spool', 'the disk is full');

    expect(describeHealth(facts({ problems, failures: problems.all() })).degraded).toEqual(['state']);
  });
});
