import type { Case } from '../../../shared/domain/case/case';
import { now } from '../../builders';
import { aContainedCase, aReleasedCase } from '../../cli/stored-cases';
import { anOperator } from './operator';

const { record: contained } = aContainedCase();
const { record: released } = aReleasedCase();

it('lists cases that were opened within a time: from its beginning, and before its end', async () => {
  const { ask } = anOperator([{ ...contained, openedAt: now }]);
  const list = async (openedSince: number, openedBefore: number) => {
    const queryStringParameters = { openedSince: String(openedSince), openedBefore: String(openedBefore) };
    return (await ask('GET /cases', { queryStringParameters })).value.cases.length;
  };
  expect([await list(now, now + 1), await list(now - 1, now), await list(now + 1, now + 2)]).toEqual([
    1, 0, 0,
  ]);
});

it('names in the fleet the certificates whose reports are set aside', async () => {
  const flood = { sender: 'a'.repeat(64), thingName: 'loud', clientId: 'loud', since: now };
  const { ask } = anOperator([], { floods: { list: async () => [flood] as never } });
  expect((await ask('GET /fleet')).value.floods).toEqual([flood]);
});

it('names the damaged cases of a thing, and has the others', async () => {
  const { ask } = anOperator([contained, released], {}, ['case-7']);
  for (const route of ['GET /things/{thing}', 'GET /things/{thing}/closed'])
    expect(await ask(route, { pathParameters: { thing: released.thingName } })).toMatchObject({
      status: 200,
      value: { damaged: ['case-7'] },
    });
});

it('says of a thing with more than ten earlier cases that there are more', async () => {
  const closed = (count: number): Case[] =>
    Array.from({ length: count }, (_, index) => ({ ...released, caseId: `case-${index + 10}` }));
  const show = async (count: number) => {
    const pathParameters = { thing: released.thingName };
    const { value } = await anOperator([...closed(count), contained]).ask('GET /things/{thing}', {
      pathParameters,
    });
    return [value.earlier.length, value.moreEarlier];
  };
  expect([await show(10), await show(11)]).toEqual([
    [10, undefined],
    [10, true],
  ]);
});
