import { bulk } from '../../../shared/api/operator-actions';
import type { Case } from '../../../shared/domain/case/case';
import { outlineCase } from '../../../shared/domain/lists/outline';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { CaseQuery } from '../../../shared/storage/case-list';
import { changeCase, flushed, now } from '../../builders';
import { aContainedCase } from '../../cli/stored-cases';
import { anOperator, userArn } from './operator';

const { record: contained } = aContainedCase();
const observed: Case = { ...flushed(contained), status: 'observed', ledger: [] };

function waitingCases(count: number): Case[] {
  return Array.from({ length: count }, (_, index) => ({
    ...changeCase(observed, { status: 'awaiting-approval', dueAt: now + 60_000 }),
    thingName: thingKey(`pump-${index}`),
    caseId: `case-${index}`,
  }));
}

const key = 'approve-storm-1';
const send = (operator: ReturnType<typeof anOperator>, act: string, body: object) =>
  operator.ask(`POST /bulk/${act}`, { body: JSON.stringify(body) });

describe('a bulk request', () => {
  it('sends one command for each case that the filter finds, bound to its case, if the number is as expected', async () => {
    const operator = anOperator([...waitingCases(120), contained]);

    const { status, value } = await send(operator, 'approve', {
      ...{ filter: { thing: 'pump-', severity: ['critical'] }, expect: 120, key, comment: 'all miners' },
    });

    expect(bulk.parse(value)).toEqual(value);
    expect([status, value.sent, value.refused, value.failed]).toEqual([202, 120, 0, 0]);
    expect(operator.sent).toHaveLength(120);
    expect(operator.sent[7]?.command).toEqual({
      ...{ type: 'approve', thingName: 'pump-7', actor: userArn, comment: 'all miners', caseId: 'case-7' },
      requestId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
  });

  it('sends nothing if the number differs, or more than 500 are selected', async () => {
    const few = anOperator(waitingCases(3));
    const many = anOperator(waitingCases(501));

    expect(await send(few, 'approve', { filter: {}, expect: 2, key })).toMatchObject({
      status: 409,
      value: { detail: 'expected 2, but 3 are selected: nothing was sent', field: 'expect' },
    });
    expect(await send(many, 'approve', { filter: {}, expect: 500, key })).toMatchObject({ status: 409 });
    expect([...few.sent, ...many.sent]).toEqual([]);
  });

  it('sends nothing to a thing that has another case by now than the one that was selected', async () => {
    const operator = anOperator(waitingCases(2));

    const { value } = await send(operator, 'approve', {
      cases: [
        { thingName: 'pump-0', caseId: 'case-0' },
        { thingName: 'pump-1', caseId: 'case-of-yesterday' },
        { thingName: 'pump-0', caseId: 'case-0' },
      ],
      ...{ expect: 2, key },
    });

    expect(value.results).toEqual([
      { thingName: 'pump-0', caseId: 'case-0', result: 'sent', commandId: expect.any(String) },
      { thingName: 'pump-1', result: 'refused', reason: 'pump-1 has another case by now' },
    ]);
    expect(operator.sent).toHaveLength(1);
  });

  it('means a group of the summary by exactly its behaviors', async () => {
    const [first, second, third] = waitingCases(3);
    if (!first || !second || !third) throw new Error('there are three');
    const [violation] = Object.values(first.violations);
    const also = (record: Case): Case => ({
      ...record,
      violations: {
        ...record.violations,
        'myapp-processes/other': { ...violation, caseId: record.caseId } as Case['violations'][string],
      },
    });
    const own = (record: Case): Case => ({
      ...record,
      violations: Object.fromEntries(
        Object.entries(record.violations).map(([name, one]) => [name, { ...one, caseId: record.caseId }]),
      ),
    });
    const operator = anOperator([own(first), also(own(second)), { ...third, violations: {} }]);
    const approve = async (behaviors: readonly string[]) => {
      const { value } = await send(operator, 'approve', { filter: { behaviors }, expect: 1, key });
      return value.results.map(({ thingName }: { thingName: string }) => thingName);
    };

    expect(await approve(['myapp-processes/no-child-processes'])).toEqual(['pump-0']);
    expect(await approve(['myapp-processes/other', 'myapp-processes/no-child-processes'])).toEqual([
      'pump-1',
    ]);
    expect(await approve([])).toEqual(['pump-2']);
  });

  it('prints the result for each thing, and continues if one fails', async () => {
    const [one, two] = waitingCases(2);
    const operator = anOperator([one, two, contained].flatMap((record) => record ?? []));
    const { commands } = operator;
    const failing = anOperator(
      [one, two, contained].flatMap((record) => record ?? []),
      {
        commands: {
          send: async (command, id) => {
            if (command.thingName === 'pump-1') throw new Error('throttled');
            await commands.send(command, id);
          },
        },
      },
    );

    const { value } = await send(failing, 'approve', {
      ...{ things: ['pump-0', 'pump-1', 'mything1', 'pump-0'], expect: 3, key },
    });

    expect(value.results).toEqual([
      { thingName: 'pump-0', caseId: 'case-0', result: 'sent', commandId: expect.any(String) },
      { thingName: 'pump-1', result: 'failed', reason: expect.stringContaining('was not sent') },
      { thingName: 'mything1', result: 'refused', reason: 'mything1 has nothing that awaits approval' },
    ]);
  });

  it('identifies each command by its key, so that a repeated request sends it once', async () => {
    const body = { things: ['pump-0'], expect: 1, key };
    const ids = async (over: object) => {
      const { value } = await send(anOperator(waitingCases(1)), 'approve', { ...body, ...over });
      return value.results[0].commandId;
    };

    expect(await ids({})).toBe(await ids({}));
    expect(await ids({ key: 'another-key' })).not.toBe(await ids({}));
  });

  it('identifies another order under the same key as another command: the queue would drop what the answer calls sent', async () => {
    const ids = await Promise.all(
      [{}, { force: true }, { comment: 'all miners' }].map(async (over) => {
        const body = { things: ['pump-0'], expect: 1, key, ...over };
        const { value } = await send(anOperator(waitingCases(1)), 'approve', body);
        return value.results[0].commandId;
      }),
    );

    expect(new Set(ids).size).toBe(3);
  });

  it('counts a case once that changed its status between two pages of the search', async () => {
    const [waiting] = waitingCases(1);
    if (!waiting) throw new Error('there is one');
    const listed = {
      ...{ thingName: waiting.thingName, caseId: waiting.caseId, severity: waiting.severity },
      ...{ status: waiting.status, updatedAt: now, ...outlineCase(waiting) },
    };
    const list = {
      ...{ pageWhole: async () => ({ cases: [], damaged: [], examined: 0 }) },
      readAll: async () => ({ cases: [], isComplete: true }),
      page: async ({ cursor }: CaseQuery) => ({
        ...{ cases: [listed], examined: 2_000 },
        ...(cursor === undefined && { next: 'on' }),
      }),
    };
    const operator = anOperator([waiting], { list });

    const { status, value } = await send(operator, 'assign', { filter: {}, expect: 1, key });

    expect([status, value.sent, value.results?.length]).toEqual([202, 1, 1]);
  });

  it.each([
    [{ expect: 1, key }, 'things'],
    [{ things: ['a'], filter: {}, expect: 1, key }, 'filter'],
    [{ things: ['a'], cases: [{ thingName: 'a', caseId: 'b' }], expect: 1, key }, 'cases'],
    [{ cases: [{ thingName: '../a', caseId: 'b' }], expect: 1, key }, 'cases.0.thingName'],
    [
      { cases: [{ thingName: '111122223333/us-east-1/a', caseId: 'b' }], expect: 1, key },
      'cases.0.thingName',
    ],
    [{ cases: [{ thingName: 'a' }], expect: 1, key }, 'cases.0.caseId'],
    [{ cases: [], expect: 1, key }, 'cases'],
    [{ things: ['a'], expect: 1 }, 'key'],
    [{ things: ['a'], expect: 1, key: 'short' }, 'key'],
    [{ things: ['a'], key }, 'expect'],
    [{ things: ['a'], expect: 501, key }, 'expect'],
    [{ things: ['a'], expect: 1.5, key }, 'expect'],
    [{ things: [], expect: 1, key }, 'things'],
    [{ things: ['../a'], expect: 1, key }, 'things.0'],
    [{ things: ['111122223333/us-east-1/a'], expect: 1, key }, 'things.0'],
    [{ filter: { status: ['closed'] }, expect: 1, key }, 'filter.status.0'],
    [{ filter: { everything: true }, expect: 1, key }, 'filter.everything'],
    [{ things: ['a'], expect: 1, key, caseId: 'case-1' }, 'caseId'],
    [{ things: ['a'], expect: 1, key, actor: 'eve' }, 'actor'],
  ])('refuses %j', async (body, field) => {
    const operator = anOperator(waitingCases(1));

    expect(await send(operator, 'approve', body)).toMatchObject({ status: 400, value: { field } });
    expect(operator.sent).toEqual([]);
  });
});
