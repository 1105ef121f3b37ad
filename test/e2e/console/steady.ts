import type { Page } from 'playwright-core';
import { waitUntil } from '../harness';
import { multiplyCase } from './cases';
import { hasten } from './page';
import { type ConsoleStack, phone } from './stack';

const things = ['steady-0', 'steady-1', 'steady-2'] as const;
const [first, second, last] = things;

/** What is under a pointer stays there. Needs the thing `hostile:_-1` of the tests of reading. */
export function testSteady(at: ConsoleStack): void {
  /** Writes the cases, the first of these the newest. */
  const order = (...names: string[]) =>
    multiplyCase(at.e2e, 'hostile:_-1', names.length, (index) => ({
      ...{ name: names[index] ?? '', status: 'containing', changedMsAgo: index },
    }));
  const list = '?show=In%20progress&thing=steady-';

  it('moves no row while a mouse is pressed or moves there, and shows the new order once it is away', async () => {
    await order(first, second, last);
    const page = await at.open(list);
    const box = page.getByRole('checkbox', { name: `Select ${last}` });
    await box.hover();
    await page.mouse.down();

    await order(last, first, second);
    await readAgain(page);
    await page.mouse.up();

    expect(await box.isChecked()).toBe(true);
    expect(await page.locator('.case.is-selected a.thing').allTextContents()).toEqual([last]);
    await page.getByRole('checkbox', { name: `Select ${second}` }).hover();
    await order(last, second, first);
    await readAgain(page);
    expect(await page.locator('a.thing').allTextContents()).toEqual([first, second, last]);
    await page.getByRole('navigation', { name: 'Views' }).hover();
    await waitForOrder(page, last, second, first);
    expect(await page.locator('.case.is-selected a.thing').allTextContents()).toEqual([last]);
    await at.leave(page);
  }, 180_000);

  it('opens the case that a finger was put on', async () => {
    await order(first, second, last);
    const page = await at.open(list, phone);
    const place = await page.getByRole('link', { name: last }).boundingBox();
    const { x, y } = place ?? { x: 0, y: 0 };
    const touch = await page.context().newCDPSession(page);
    await touch.send('Input.dispatchTouchEvent', {
      type: 'touchStart',
      touchPoints: [{ x: x + 8, y: y + 8 }],
    });

    await order(last, first, second);
    await readAgain(page);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });

    await page.waitForURL(`**/console/cases/${last}`);
    await at.leave(page);
  }, 180_000);

  it('shows a new order after some seconds to a pointer that never rests', async () => {
    await order(first, second, last);
    const page = await at.open(list);
    await page.getByRole('link', { name: last }).hover();
    await order(last, first, second);
    await readAgain(page);

    await page.mouse.down();
    await waitForOrder(page, last, first, second);
    await page.mouse.up();
    await at.leave(page);
  }, 180_000);

  it('leaves the focus on a row that moves, also in browsers that lose it', async () => {
    await order(first, second, last);
    const page = await at.open('');
    await page.addInitScript('delete Element.prototype.moveBefore');
    await page.goto(`${at.origin()}/console/${list}`);
    await page.getByRole('link', { name: last }).focus();

    await order(last, first, second);
    await readAgain(page);

    await waitForOrder(page, last, first, second);
    expect(await page.evaluate('document.activeElement.textContent')).toBe(last);
    await page.close();
  }, 180_000);

  it('keeps what is selected as soon as another list is seen', async () => {
    const page = await at.open('?show=Contained');
    await page.locator('a.thing').first().waitFor();
    await page.getByRole('link', { name: /^In progress/ }).click();
    await page.getByRole('checkbox', { name: `Select ${first}` }).check();

    // Before the next frame.
    await page.evaluate(`(async () => {
      document.querySelector('.chip[href$=Contained]').click();
      for (let turns = 0; turns < 100; turns += 1) await undefined;
      document.querySelector('.case input').click();
    })()`);
    await drawTwice(page);

    const selected = page.locator('.case.is-selected a.thing');
    expect(await selected.allTextContents()).toEqual([await page.locator('a.thing').first().textContent()]);
    await page.getByRole('region', { name: 'Selected cases' }).getByText('1 selected').waitFor();
    await at.leave(page);
  }, 180_000);

  it('moves no row as a selection begins or ends, also at the end of the page', async () => {
    await order(...things);
    const page = await at.open(list, { viewport: { width: 1_280, height: 240 } });
    const box = page.getByRole('checkbox', { name: `Select ${last}` });
    await box.waitFor();
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    const before = await box.boundingBox();

    await box.check();
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    const selected = await box.boundingBox();
    await box.uncheck();

    expect([selected, await box.boundingBox()]).toEqual([before, before]);
    await at.leave(page);
  }, 180_000);
}

/** Has the page read its list again, until it has drawn what it read. */
async function readAgain(page: Page): Promise<void> {
  const isRead = page.waitForResponse((response) => response.url().includes('/console/api/cases?'));
  await hasten(page);
  await (await isRead).finished();
  await drawTwice(page);
}

async function drawTwice(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
  );
}

async function waitForOrder(page: Page, ...names: string[]): Promise<void> {
  await waitUntil(
    () => `the order ${names}`,
    async () => String(await page.locator('a.thing').allTextContents()) === String(names),
  );
}
