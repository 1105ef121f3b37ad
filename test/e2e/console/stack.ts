import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser, openWatchedPage } from '../browser';
import { type EndToEnd, startEndToEnd } from '../harness';

export const desktop = { viewport: { width: 1_280, height: 860 } };
export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

/** A stack and a browser for all tests of a file. */
export interface ConsoleStack {
  readonly e2e: EndToEnd;
  readonly browser: Browser;
  /** The misdeeds of a page: a request to another origin, a breach of its policy, an exception. */
  readonly misdeeds: readonly string[];
  origin(): string;
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
}

/** Starts both before the tests, and ends them after. */
export function useConsole(): ConsoleStack {
  let running: { readonly e2e: EndToEnd; readonly browser: Browser } | undefined;
  const misdeeds: string[] = [];
  beforeAll(async () => {
    const [e2e, browser] = await Promise.all([startEndToEnd(), launchBrowser()]);
    running = { e2e, browser };
  }, 180_000);
  afterAll(async () => {
    await running?.browser.close();
    await running?.e2e.close();
  });
  const get = () => {
    if (!running) throw new Error('the stack has not started');
    return running;
  };
  const origin = () => get().e2e.stack.aws.gateway.url;
  return {
    get e2e() {
      return get().e2e;
    },
    get browser() {
      return get().browser;
    },
    misdeeds,
    origin,
    async open(path, options = desktop) {
      const page = await openWatchedPage(get().browser, options, misdeeds);
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== origin()) misdeeds.push(request.url());
      });
      await page.goto(`${origin()}/console/${path}`);
      return page;
    },
  };
}
