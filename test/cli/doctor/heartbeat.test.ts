import { checkHeartbeat } from '../../../cli/doctor/checks/heartbeat';
import { runChecks } from '../../../cli/doctor/finding';
import type { Heartbeat } from '../../../shared/domain/heartbeat';
import { now } from '../../builders';

const minute = 60_000;
const sent = (ago: number): Heartbeat => {
  const sentAt = now - ago;
  return { sentAt, takenAt: sentAt + 30, arrivedAt: sentAt + 130, announcedAt: sentAt + 230 };
};

const look = (heartbeat: Heartbeat | undefined, deployedAt: number | undefined, hasNamesake = false) =>
  runChecks([
    checkHeartbeat(
      {
        heartbeat: async () => heartbeat,
        deployedAt: async () => deployedAt,
        hasNamesake: async () => hasNamesake,
      },
      now,
    ),
  ]);

describe('the check of the heartbeat', () => {
  it.each([
    ['a fresh one', sent(40_230), now - 60 * minute, 'ok', '230 ms, 40 s ago'],
    ['one that missed a minute', sent(2.5 * minute), undefined, 'ok', '230 ms, 2 min ago'],
    ['an old one', sent(10 * minute), now - minute, 'problem', 'the newest is late: 230 ms, 9 min ago'],
    ['none in a new stack', undefined, now - minute, 'note', 'there is none yet'],
    ['none in an old stack', undefined, now - 6 * minute, 'problem', 'none has ever come through'],
    ['none if the age of the stack is unknown', undefined, undefined, 'problem', /none has ever/],
  ])('reports %s', async (_, heartbeat, deployedAt, level, what) => {
    const [found, ...more] = await look(heartbeat, deployedAt);

    expect(found).toMatchObject({ level, what: expect.stringMatching(what) });
    expect(more).toEqual([]);
    if (level === 'problem') expect(found?.mend).toBe('docs/runbooks/heartbeat-out.md');
  });

  it('finds a thing with the name of the heartbeat, which Cordon can not protect', async () => {
    expect(await look(sent(0), now, true)).toMatchObject([
      { level: 'ok' },
      { level: 'problem', what: expect.stringContaining('a thing has the name cordon-heartbeat') },
    ]);
  });
});
