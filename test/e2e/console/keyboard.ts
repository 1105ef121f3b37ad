import type { Page } from 'playwright-core';
import { waitUntil } from '../harness';
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
}

function readFocus(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.textContent');
}
