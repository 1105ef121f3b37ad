import { connectDetection } from '../../../shared/storage/detection';
import { multiplyCase } from './cases';
import type { ConsoleStack } from './stack';

/** Needs the thing `hostile:_-1` of the tests of reading. */
export function testManyCases(at: ConsoleStack): void {
  it('shows the first of 10,000 cases at once, and more when asked', async () => {
    await multiplyCase(at.e2e, 'hostile:_-1', 10_000);
    const startedAt = performance.now();
    const page = await at.open('?show=Contained');
    await page.locator('a.thing').first().waitFor();
    const took = performance.now() - startedAt;
    expect(await page.locator('a.thing').count()).toBe(50);
    process.stderr.write(`the first of 10,000 cases is seen after ${Math.round(took)} ms\n`);

    await page.getByRole('button', { name: 'Show more' }).click();

    await page.locator('a.thing').nth(99).waitFor();
    await at.leave(page);
  }, 180_000);

  it('shows the most urgent of 300 waiting cases first, although it changed before all others', async () => {
    const last = 299;
    await multiplyCase(at.e2e, 'hostile:_-1', last + 1, (index) => ({
      ...{ name: `waits-${index}`, status: 'awaiting-approval', changedMsAgo: index },
      severity: index === last ? 'critical' : 'low',
    }));
    const page = await at.open('?thing=waits-');

    await page.getByRole('button', { name: 'Show more' }).click();
    await page.locator('a.thing').nth(99).waitFor();

    const names = await page.locator('a.thing').allTextContents();
    expect([names[0], new Set(names).size]).toEqual([`waits-${last}`, 100]);
    await at.leave(page);
  }, 180_000);

  it('draws all values of a metric, although the API gives 1,000 at once', async () => {
    const { stack, dynamodb } = at.e2e;
    const { datapoints } = connectDetection(stack.deployed.outputs.TableName ?? '', dynamodb);
    const newest = Date.now() - 60_000;
    const points = Array.from({ length: 2_100 }, (_, index) => ({
      ...{ metric: 'many_values', at: newest - index * 20_000 },
      value: { number: index === 0 ? 7 : 1 },
    }));
    await datapoints.append('hostile:_-1' as never, points);

    const page = await at.open('things/hostile%3A_-1');
    const chart = page.getByRole('img', { name: /^many_values: 2100 values from 1 to 7/ });

    await chart.waitFor();
    await at.leave(page);
  }, 180_000);
}
