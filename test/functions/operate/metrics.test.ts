import { thingKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';
import { anOperator } from './operator';

const route = 'GET /things/{thing}/metrics/{metric}';
const of = (metric: string, queryStringParameters?: Record<string, string>) => ({
  pathParameters: { thing: 'mything1', metric },
  ...(queryStringParameters && { queryStringParameters }),
});

async function anOperatorWithDatapoints() {
  const operator = anOperator();
  await operator.detection.datapoints.append(
    thingKey('mything1'),
    [-2 * 86_400_000, -30, -20, -10].map((before) => ({
      metric: 'aws:all-bytes-out',
      at: now + before,
      value: { count: -before },
    })),
  );
  return operator;
}

describe('the values of a metric', () => {
  it('are those of the last day, oldest first', async () => {
    const { ask } = await anOperatorWithDatapoints();

    expect(await ask(route, of('aws%3Aall-bytes-out'))).toMatchObject({
      status: 200,
      value: {
        thingName: 'mything1',
        metric: 'aws:all-bytes-out',
        from: now - 86_400_000,
        to: now,
        datapoints: [
          { at: now - 30, value: { count: 30 } },
          { at: now - 20, value: { count: 20 } },
          { at: now - 10, value: { count: 10 } },
        ],
      },
    });
  });

  it('arrive page by page', async () => {
    const { ask } = await anOperatorWithDatapoints();
    const page = (from: number) =>
      ask(route, of('aws:all-bytes-out', { from: String(from), to: String(now - 15), limit: '1' }));

    expect((await page(now - 30)).value).toMatchObject({
      datapoints: [{ at: now - 30 }],
      nextFrom: now - 20,
    });
    const { value } = await page(now - 20);
    expect(value.datapoints).toEqual([{ at: now - 20, value: { count: 20 } }]);
    expect(value).not.toHaveProperty('nextFrom');
  });

  it('are an empty list if no agent reported the metric', async () => {
    const { ask } = await anOperatorWithDatapoints();

    expect(await ask(route, of('other'))).toMatchObject({ status: 200, value: { datapoints: [] } });
  });

  it.each([
    ['metric', 'a#b', undefined],
    ['metric', '../x', undefined],
    ['from', 'm', { from: '-1' }],
    ['from', 'm', { from: '20', to: '10' }],
    ['to', 'm', { to: 'now' }],
    ['limit', 'm', { limit: '0' }],
    ['limit', 'm', { limit: '1001' }],
    ['since', 'm', { since: '1' }],
  ])('are refused for a wrong %s', async (field, metric, query) => {
    const { ask } = anOperator();

    expect(await ask(route, of(metric, query))).toMatchObject({ status: 400, value: { field } });
  });
});
