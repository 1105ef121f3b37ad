import type { KillSwitch } from '../../../shared/domain/guards/kill-switch';
import { now } from '../../builders';
import { setUp } from './a-sweep';

describe('the sweep', () => {
  it('reports an address that receives no mail to operators, each minute until it does', async () => {
    const { run, counts, lines, world } = setUp([], [], { mailed: [] });

    await run();
    world.mailed = ['soc@example.com'];
    await run();

    expect(counts).toEqual({ SweepRun: 2, CaseResumed: 0, EmailNotSubscribed: 2 });
    expect(lines.filter(({ level }) => level === 'error')).toEqual(
      ['announcements', 'alarms'].map((topic) => ({
        level: 'error',
        message: 'addresses in cordon.yml receive no mail: unconfirmed or unsubscribed',
        fields: { topic, missing: ['soc@example.com'] },
      })),
    );
  });

  it.each(['thing group', 'policy on the group', 'policy', 'text of the policy'] as const)(
    'restores a missing %s, notifies operators, and has each held thing verified again before it is due',
    async (missing) => {
      const { run, sent, counts, asked, lines, world } = setUp(['held'], [], { missing: [missing] });

      await run();
      await run();

      expect(world.missing).toEqual([]);
      expect(asked.map((call) => (call as number[])[0])).toEqual([now + 2 * 3_600_000, now]);
      expect(sent.map(({ command }) => command)).toEqual([
        { type: 'resume', thingName: 'held', early: true },
        { type: 'resume', thingName: 'held' },
      ]);
      expect(counts).toMatchObject({ QuarantineBroken: 1, SweepRun: 2 });
      expect(lines).toContainEqual({
        level: 'error',
        message: 'the quarantine was incomplete: repaired',
        fields: { missing },
      });
    },
  );

  it('restores all that is missing in one run, and what it can if a part cannot be restored', async () => {
    const { run, sent, counts, world } = setUp(['held'], [], {
      missing: ['text of the policy', 'policy on the group'],
      unrepairable: 'text of the policy',
    });

    await expect(run()).rejects.toThrow('parts of the sweep failed');
    expect(world.missing).toEqual(['text of the policy']);
    expect(sent.map(({ command }) => command)).toEqual([{ type: 'resume', thingName: 'held', early: true }]);

    world.unrepairable = undefined;
    await run();
    expect(world.missing).toEqual([]);
    expect(counts).toMatchObject({ QuarantineBroken: 3 });
  });

  it.each<KillSwitch>([{ state: 'on' }, { state: 'unknown', reason: 'AccessDeniedException: no' }])(
    'only reports a missing policy to operators while the kill switch is %j',
    async (killSwitch) => {
      const { run, sent, counts, world } = setUp(['held'], [], {
        missing: ['policy on the group'],
        killSwitch,
      });

      await run();

      expect(world.missing).toEqual(['policy on the group']);
      expect(sent.map(({ command }) => command)).toEqual([{ type: 'resume', thingName: 'held' }]);
      expect(counts).toMatchObject({ QuarantineBroken: 1 });
    },
  );
});
