import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { waitUntil } from '../harness';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong, each with the first element. */
export async function findFaults(page: Page): Promise<string[]> {
  if (await page.evaluate('!window.axe')) await page.evaluate(axeSource);
  return page.evaluate(
    `axe.run(document, { iframes: false, resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`,
  );
}

/** Whether something is wider than the screen. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

/** Goes on with the Tab key until a button of this name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 12; presses += 1) {
    if ((await page.evaluate('document.activeElement.textContent')) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not reach ${name}`);
}

/** Changes what the API answers to such requests from now on. */
export async function changeAnswers<Answer>(
  page: Page,
  path: RegExp,
  change: (answer: Answer) => Answer,
): Promise<void> {
  await page.route(path, async (route) => {
    const { 'if-none-match': _, ...headers } = route.request().headers();
    const response = await route.fetch({ headers });
    await route.fulfill({ response, json: change(await response.json()) });
  });
}

/** Makes the page poll now, by an event that says that the machine is online. */
export async function hasten(page: Page): Promise<void> {
  await page.evaluate(`window.dispatchEvent(new Event('online'))`);
}

/** Waits until the page has loaded everything, since late parts move the parts below them. */
export async function waitForAll(page: Page): Promise<void> {
  await waitUntil(
    () => `all of ${page.url()}`,
    () => page.evaluate(`!document.querySelector('main .pending, main .chart:not(:has(canvas))')`),
  );
}

/**
 * Stops the clock of the page, so that on a slow machine a pointer does not rest long enough to have an effect. Returns
 * a function that starts the clock again.
 */
export async function stopTimeOfPointer(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(`(() => { const now = performance.now(); performance.now = () => now; })()`);
  return () => page.evaluate(`(() => { delete performance.now; })()`);
}

/** Waits until the changes are on the screen. */
export async function drawTwice(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
  );
}
