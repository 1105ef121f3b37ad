import type { Page } from 'playwright-core';
import type { ThingAnswer } from '../../../shared/api/thing';
import { waitUntil } from '../harness';
import { anEarlierCase } from './cases';
import { changeAnswers } from './page';
import type { ConsoleStack } from './stack';

/** Where the focus goes. Needs the thing `hostile:_-1` of the tests of reading, and the contained cases of those of many cases. */
export function testKeyboard(at: ConsoleStack): void {
  it('goes back to the button that opened a dialog, however the dialog is closed', async () => {
    const page = await at.open('cases/hostile%3A_-1');
    const button = page.getByRole('button', { name: /^Release/ });
    await page.route('**/release', (route) =>
      route.request().postDataJSON().dryRun
        ? route.continue()
        : route.fulfill({ status: 202, json: { commandId: 'none' } }),
    );
    const dialog = page.getByRole('dialog');
    for (const end of ['Escape', 'Cancel', 'Release']) {
      await button.focus();
      await page.keyboard.press('Enter');
      await dialog.waitFor();
      const typed = dialog.getByLabel(/to confirm/);
      if ((await typed.count()) > 0) await typed.fill('hostile:_-1');
      if (end !== 'Escape') await dialog.getByRole('button', { name: end, exact: true }).focus();
      await page.keyboard.press(end === 'Escape' ? end : 'Enter');
      await dialog.waitFor({ state: 'detached' });

      expect([end, await readFocus(page)]).toEqual([end, await button.textContent()]);
    }
    await at.leave(page);
  }, 180_000);

  it('goes on with the first case of the next page', async () => {
    const page = await at.open('?show=Contained');
    await page.getByRole('button', { name: 'Show more' }).focus();
    await page.keyboard.press('Enter');
    const names = page.locator('a.thing');
    await names.nth(99).waitFor({ state: 'attached' });

    await waitUntil(
      () => 'the focus on the first case of the next page',
      async () => (await readFocus(page)) === (await names.nth(50).textContent()),
    );
    await page.keyboard.press('j');
    expect(await readFocus(page)).toBe(await names.nth(51).textContent());
    await at.leave(page);
  }, 180_000);

  it('goes on with the first of all earlier cases of a thing, and with the first of their next page', async () => {
    const aClosedCase = (daysAgo: number) => ({ ...anEarlierCase(daysAgo), violations: [] });
    const earlier = [aClosedCase(3), aClosedCase(4)];
    const later = [aClosedCase(5)];
    const page = await at.open('');
    await page.route(/\/api\/things\/[^/]+\/closed\?/, (route) =>
      route.fulfill({
        json: route.request().url().includes('cursor=next')
          ? { cases: later }
          : { cases: earlier, next: 'next' },
      }),
    );
    await changeAnswers<ThingAnswer>(page, /\/api\/things\/[^/]+$/, (answer) => ({
      ...answer,
      ...{ earlier, moreEarlier: true },
    }));
    await page.goto(`${at.origin()}/console/things/hostile%3A_-1`);

    for (const [button, name] of [
      ['Show all earlier cases', '3 days ago'],
      ['Show more', '5 days ago'],
    ] as const) {
      await page.getByRole('button', { name: button }).focus();
      await page.keyboard.press('Enter');

      await waitUntil(
        () => `the focus on the case of ${name}`,
        async () => (await readFocus(page)) === name,
      );
    }
    await at.leave(page);
  }, 180_000);
}

function readFocus(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.textContent');
}
