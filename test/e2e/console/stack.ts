import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openWatchedPage } from '../browser';
import { type EndToEnd, startEndToEnd } from '../harness';

export const desktop: Look = { viewport: { width: 1_280, height: 860 } };
export const phone: Look = { viewport: { width: 390, height: 844 }, hasTouch: true };

/** A stack and a browser for all tests of a file. */
export interface ConsoleStack {
  readonly e2e: EndToEnd;
  readonly browser: Browser;
  /** The misdeeds of a page: a request to another origin, a breach of its policy, an exception. */
  readonly misdeeds: readonly string[];
  origin(): string;
  open(path: string, look?: Look): Promise<Page>;
  /** Leaves the page to the next test, which would otherwise have to load and compile everything again. */
  leave(page: Page): Promise<void>;
}

interface Look {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly hasTouch?: boolean;
  readonly colorScheme?: 'light' | 'dark';
}

/** Starts both before the tests, and ends them after. */
export function useConsole(): ConsoleStack {
  let running: { readonly e2e: EndToEnd; readonly browser: Browser } | undefined;
  const misdeeds: string[] = [];
  /** Pages that no test uses, and where each belongs. */
  const idle = { touch: [] as Page[], mouse: [] as Page[] };
  const places = new WeakMap<Page, Page[]>();
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
  const create = async (hasTouch: boolean) => {
    const page = await openWatchedPage(get().browser, { hasTouch }, misdeeds);
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin()) misdeeds.push(request.url());
    });
    places.set(page, hasTouch ? idle.touch : idle.mouse);
    return page;
  };
  return {
    get e2e() {
      return get().e2e;
    },
    get browser() {
      return get().browser;
    },
    misdeeds,
    origin,
    async open(path, { viewport, hasTouch = false, colorScheme = 'light' } = desktop) {
      const page = (hasTouch ? idle.touch : idle.mouse).pop() ?? (await create(hasTouch));
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.goto(`${origin()}/console/${path}`);
      return page;
    },
    async leave(page) {
      await page.unrouteAll();
      // This page has the same origin, so that the browser keeps the process, and makes no requests.
      await page.goto(`${origin()}/console/config.json`);
      places.get(page)?.push(page);
    },
  };
}
