import { sweep } from '../../../functions/sweep/handler';
import { awsError } from '../../aws-error';
import { now } from '../../builders';
import { fakeQueue, fakeTelemetry } from '../../fakes';

function setUp(due: readonly string[], refused: readonly string[] = []) {
  const { sent, commands } = fakeQueue();
  const { counts, log, metrics } = fakeTelemetry();
  const asked: unknown[] = [];
  const run = sweep({
    cases: {
      async listDue(at, limit) {
        asked.push([at, limit]);
        return [...due];
      },
    },
    commands: {
      send: async (command, id) =>
        refused.includes(command.thingName)
          ? Promise.reject(awsError('Throttled'))
          : commands.send(command, id),
    },
    log,
    metrics,
    clock: () => now,
  });
  return { run, sent, counts, asked };
}

describe('sweep', () => {
  it('sends each due case back to its mailbox, once a minute', async () => {
    const { run, sent, counts, asked } = setUp(['a', 'b']);

    await run();
    await run();

    const minute = Math.floor(now / 60_000);
    expect(asked[0]).toEqual([now, 500]);
    expect(sent.slice(0, 2)).toEqual([
      { command: { type: 'resume', thingName: 'a' }, id: `resume#a#${minute}` },
      { command: { type: 'resume', thingName: 'b' }, id: `resume#b#${minute}` },
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
    expect(counts).toEqual({ SweepRun: 2, CaseResumed: 4 });
  });

  it('sends the others and then fails where one could not be sent', async () => {
    const { run, sent, counts } = setUp(['a', 'b', 'c'], ['b']);

    await expect(run()).rejects.toThrow('some cases were not resumed');

    expect(sent.map(({ command }) => command.thingName)).toEqual(['a', 'c']);
    expect(counts).toEqual({ SweepRun: 1, CaseResumed: 2 });
  });

  it('says that it ran, even with nothing due', async () => {
    const { run, counts } = setUp([]);

    await run();

    expect(counts).toEqual({ SweepRun: 1, CaseResumed: 0 });
  });
});
