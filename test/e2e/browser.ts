import chromium from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core';

export async function launchBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    // Two threads that draw take more processor time than one.
    args: ['--no-sandbox', '--disable-gpu', '--num-raster-threads=1'],
  });
}

/** A page in its own context. Adds to `misdeeds` what no page may do: throw an exception or violate its own policy. */
export async function openWatchedPage(
  browser: Browser,
  options: BrowserContextOptions,
  misdeeds: string[],
): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => misdeeds.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) misdeeds.push(message.text());
  });
  return page;
}
