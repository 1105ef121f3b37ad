import { hasten } from './page';
import type { ConsoleStack } from './stack';

/** The page while it is hidden, and without an API. */
export function testConnection(at: ConsoleStack): void {
  it('sends no request while its tab is hidden, and gets a 304 if nothing changed', async () => {
    const context = await at.browser.newContext();
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(`${at.origin()}/console/?show=Observed`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const unchanged = page.waitForResponse((response) => response.status() === 304);
    await page.clock.runFor(10_000);
    await unchanged;

    const setHidden = (hidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
      );
    await setHidden(true);
    // What was asked before ends first.
    await page.clock.runFor(1_000);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.clock.runFor(120_000);
    expect(asked).toEqual([]);
    const again = page.waitForRequest(/\/console\/api\/cases/);
    await setHidden(false);
    await again;
    await context.close();
  }, 180_000);

  it('says that the connection is lost and how old the data is, and recovers', async () => {
    const page = await at.open('?show=Contained');
    await page.locator('a.thing').first().waitFor();
    // No answer is still on its way, which would end the loss.
    await page.getByRole('link', { name: /^Contained \d/ }).waitFor();

    await page.route('**/console/api/**', (route) => route.abort());
    await hasten(page);
    await page.getByRole('alert').getByText('No connection.').waitFor();
    await page.getByText(/What you see is \d+ .+ old\./).waitFor();
    expect(await page.locator('a.thing').count()).toBeGreaterThan(0);
    await page.unroute('**/console/api/**');
    await page.getByRole('alert').waitFor({ state: 'detached' });

    await page.route('**/console/api/**', (route) =>
      route.fulfill({
        status: 401,
        contentType: 'application/problem+json',
        body: '{"detail":"the token has expired"}',
      }),
    );
    await hasten(page);
    await page.getByRole('alert').getByText('You are signed out.').waitFor();
    await page.getByText('The token has expired').waitFor();
    await at.leave(page);
  }, 180_000);

  it('says so if a view can not be loaded, as after a deploy of another build', async () => {
    const page = await at.open('');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.route('**/assets/views-*', (route) => route.abort());

    await page.getByRole('link', { name: 'Fleet' }).click();
    await page.getByRole('alert').getByText('This view could not be loaded').waitFor();
    await page.unroute('**/assets/views-*');
    await page.getByRole('button', { name: 'Load the page again' }).click();

    await page.getByRole('heading', { name: 'Fleet', exact: true }).waitFor();
    await at.leave(page);
  }, 180_000);
}
