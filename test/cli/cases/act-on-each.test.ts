import { actOnEach, selectCases } from '../../../cli/cases/act-on-each';
import { type CliError, RefusedError, TimedOutError, UsageError } from '../../../cli/cli-error';
import type { OperatorAction } from '../../../shared/domain/decide/operator-actions';
import { thingKey } from '../../../shared/domain/thing-ref';
import { changeCase, now } from '../../builders';
import { aContainedCase, aTable } from '../stored-cases';

const { record } = aContainedCase();
const waiting = (name: string, over: object = {}) => ({
  record: changeCase(record, { thingName: thingKey(name), status: 'awaiting-approval', ledger: [], ...over }),
  rows: [],
});
const table = aTable([
  waiting('sensor-1'),
  waiting('sensor-2'),
  waiting('pump-1', { severity: 'low' }),
  { record, rows: [] },
]);
const select = (name: OperatorAction, flags: object) =>
  selectCases(name, { wait: 60, ...flags }, table, now).then((aims) => aims.map(({ thing }) => thing));

describe('an operator action on all selected cases', () => {
  it.each([
    ['approve', { expect: 3 }, ['sensor-1', 'sensor-2', 'pump-1']],
    ['reject', { thing: 'sensor-*', expect: 2 }, ['sensor-1', 'sensor-2']],
    ['approve', { severity: ['low'], expect: 1 }, ['pump-1']],
    ['approve', { behavior: 'no-child-processes', thing: 'pump-1', expect: 1 }, ['pump-1']],
    ['release', { expect: 1 }, ['mything1']],
    ['harden', { expect: 1 }, ['mything1']],
    ['comment', { expect: 4 }, ['sensor-1', 'sensor-2', 'pump-1', 'mything1']],
  ] as const)('selects cases to which the action applies: %s %j', async (name, flags, things) => {
    expect(await select(name, flags)).toEqual(things);
  });

  it('names the case that was selected, so that no later one is acted on', async () => {
    const aims = await selectCases('release', { wait: 60, expect: 1 }, table, now);

    expect(aims).toEqual([{ thing: 'mything1', caseId: 'case-1' }]);
  });

  it.each([2, 4])('does nothing unless their number is %d', async (expected) => {
    await expect(select('approve', { expect: expected })).rejects.toThrow(
      new RefusedError(
        `3 cases match, not ${expected}, so nothing was done. cordon list --status awaiting-approval with the same options shows them`,
      ),
    );
  });

  it('counts one case as one', async () => {
    await expect(select('release', { expect: 2 })).rejects.toThrow('1 case matches, not 2, so');
  });

  it('needs the number, and says what it is now', async () => {
    await expect(select('approve', {})).rejects.toThrow(
      new UsageError(
        '--all needs --expect: 3 cases match now (--expect 3). cordon list --status awaiting-approval with the same options shows them',
      ),
    );
  });
});

describe('an act on several things', () => {
  async function run(atOnce: number, faults: Readonly<Record<string, CliError>>) {
    const said: string[] = [];
    const aside: string[] = [];
    const running = { now: 0, most: 0 };
    const ended = await actOnEach(
      ['a', 'b', 'c', 'd', 'e'],
      async (thing) => {
        running.now += 1;
        running.most = Math.max(running.most, running.now);
        await new Promise((resolve) => setImmediate(resolve));
        running.now -= 1;
        const fault = faults[thing];
        if (fault) throw fault;
        return `${thing} done`;
      },
      {
        atOnce,
        say: (text) => said.push(text),
        sayFailed: (_aim, { text }) => aside.push(text),
        explain: async (error) => ({
          text: (error as CliError).message,
          exitCode: (error as CliError).exitCode,
        }),
      },
    ).catch((error: unknown) => error as CliError);
    return { said, aside, most: running.most, ended };
  }

  it('continues with the others if one fails, and exits with the code of the failures', async () => {
    const { said, aside, ended } = await run(1, { b: new RefusedError('b no'), d: new RefusedError('d no') });

    expect(said).toEqual(['a done', 'c done', 'e done']);
    expect(aside).toEqual(['b no', 'd no']);
    expect(ended).toMatchObject({ message: '2 of 5 things failed', exitCode: 3 });
  });

  it('exits 1 if they fail for several reasons', async () => {
    const { ended } = await run(1, { b: new RefusedError('no'), d: new TimedOutError('no') });

    expect(ended).toMatchObject({ exitCode: 1 });
  });

  it('acts on as many things at once as requested', async () => {
    expect((await run(1, {})).most).toBe(1);
    expect((await run(3, {})).most).toBe(3);
  });
});
