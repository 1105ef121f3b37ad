import type { Page } from 'playwright-core';
import type { CaseAnswer, TimelineAnswer } from '../../../console/api/types';
import type { ThingAnswer } from '../../../shared/api/thing';
import { waitUntil } from '../harness';
import { anEarlierCase, multiplyCase } from './cases';
import { changeAnswers, drawTwice, hasten, stopTimeOfPointer, waitForAll } from './page';
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
    await box.waitFor();
    const goOn = await stopTimeOfPointer(page);
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
    await goOn();
    await page.getByRole('navigation', { name: 'Views' }).hover();
    await waitForOrder(page, last, second, first);
    expect(await page.locator('.case.is-selected a.thing').allTextContents()).toEqual([last]);
    await at.leave(page);
  }, 180_000);

  it('opens the case that a finger was put on', async () => {
    await order(first, second, last);
    const page = await at.open(list, phone);
    const place = await page.getByRole('link', { name: last }).boundingBox();
    const goOn = await stopTimeOfPointer(page);
    const { x, y } = place ?? { x: 0, y: 0 };
    const touch = await page.context().newCDPSession(page);
    await touch.send('Input.dispatchTouchEvent', {
      type: 'touchStart',
      touchPoints: [{ x: x + 8, y: y + 8 }],
    });

    await order(last, first, second);
    await readAgain(page);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });

    await goOn();
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

  it.each(moved)(
    'moves no $what under the pointer, and shows what is new once it is away',
    async (one) => {
      const { path, answer, role, name, prepare, change } = one;
      const page = await at.open('config.json');
      await changeAnswers(page, answer, prepare);
      await page.goto(`${at.origin()}/console/${path}`);
      const target = page.getByRole(role, { name });
      await target.waitFor();
      await waitForAll(page);
      const goOn = await stopTimeOfPointer(page);
      await target.hover();
      await page.mouse.down();
      const before = await target.boundingBox();

      await changeAnswers(page, answer, (json: never) => change(prepare(json)));
      await readAgain(page, answer);
      expect(await target.boundingBox()).toEqual(before);
      await goOn();
      await page.getByRole('navigation', { name: 'Views' }).hover();
      await page.mouse.up();

      await waitUntil(
        () => `another place than ${JSON.stringify(before)}`,
        async () => (await target.boundingBox())?.y !== before?.y,
      );
      await at.leave(page);
    },
    180_000,
  );

  it.each([
    ['its values are read', /\/metrics\//],
    ['it is drawn', /\/assets\/uPlot\.esm/],
  ])(
    'moves nothing below a chart as %s',
    async (_, late) => {
      const page = await at.open('config.json');
      let goOn = () => {};
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      await page.route(late, (route) => held.then(() => route.continue()));
      await page.goto(`${at.origin()}/console/things/hostile%3A_-1`);
      await page.locator('figure.chart').waitFor();
      const below = page.getByRole('heading', { name: 'Earlier cases' });
      const before = await below.boundingBox();
      goOn();
      await waitForAll(page);
      await drawTwice(page);
      expect(await below.boundingBox()).toEqual(before);
      await at.leave(page);
    },
    180_000,
  );

  it('moves no act under the pointer as IAM refuses another one', async () => {
    const page = await at.open('config.json');
    let refuse = () => {};
    const held = new Promise<void>((resolve) => {
      refuse = resolve;
    });
    await page.route('**/release', (route) => held.then(() => route.fulfill({ status: 403, json: {} })));
    await page.goto(`${at.origin()}/console/cases/hostile%3A_-1`);
    const harden = page.getByRole('button', { name: /^Harden/ });
    await harden.waitFor();
    await waitForAll(page);
    const goOn = await stopTimeOfPointer(page);
    await harden.hover();
    const before = await harden.boundingBox();

    const isRefused = page.waitForResponse((response) => response.url().endsWith('/release'));
    refuse();
    await (await isRefused).finished();
    await drawTwice(page);
    expect(await harden.boundingBox()).toEqual(before);
    await goOn();

    await page.getByRole('button', { name: /^Release/ }).waitFor({ state: 'detached' });
    await at.leave(page);
  }, 180_000);

  it('keeps a dialog with what is written in it as the thing gets another case, and shows that one after it', async () => {
    const page = await at.open('cases/hostile%3A_-1');
    await page.getByRole('button', { name: /^Release/ }).click();
    const comment = page.getByRole('dialog').getByLabel('Comment');
    await comment.fill('all clear');

    await changeAnswers(page, act.answer, (answer: CaseAnswer) => ({ ...answer, caseId: 'another-case' }));
    await readAgain(page, act.answer);
    expect(await comment.inputValue()).toBe('all clear');
    await page.keyboard.press('Escape');

    await page.locator('.crumbs', { hasText: 'another-case' }).waitFor();
    await at.leave(page);
  }, 180_000);

  it('keeps the case that somebody writes a comment on, until the focus is elsewhere', async () => {
    const page = await at.open('cases/hostile%3A_-1');
    const comment = page.getByLabel('Comment');
    await comment.fill('all clear');

    await changeAnswers(page, act.answer, (answer: CaseAnswer) => ({ ...answer, caseId: 'another-case' }));
    await readAgain(page, act.answer);
    expect(await comment.inputValue()).toBe('all clear');
    await page.getByRole('link', { name: 'hostile:_-1', exact: true }).focus();

    await page.locator('.crumbs', { hasText: 'another-case' }).waitFor();
    await at.leave(page);
  }, 180_000);

  it('takes no toast away from under the pointer', async () => {
    const context = await at.browser.newContext();
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(`${at.origin()}/console/cases/hostile%3A_-1`);
    await page.route('**/assign', (route) => route.fulfill({ status: 202, json: { commandId: 'none' } }));
    await page.getByRole('button', { name: 'Take it' }).click();
    const toast = page.locator('.toast');
    await toast.waitFor();
    await page.clock.pauseAt(Date.now() + 5_000);
    await toast.getByRole('button').hover();
    await page.mouse.down();

    await page.clock.runFor(4_000);
    expect(await toast.count()).toBe(1);
    await page.mouse.up();

    await page.clock.runFor(2_000);
    await toast.waitFor({ state: 'detached' });
    await context.close();
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

    // This runs before the next frame.
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

/** The element under a pointer, and an answer of the API that would move it. */
interface Moved<Answer> {
  readonly what: string;
  readonly path: string;
  readonly answer: RegExp;
  readonly role: 'button' | 'link';
  readonly name: string | RegExp;
  readonly prepare: (answer: Answer) => Answer;
  readonly change: (answer: Answer) => Answer;
}

const act: Moved<CaseAnswer> = {
  ...{ what: 'act of a case', path: 'cases/hostile%3A_-1', answer: /\/api\/cases\/[^/]+$/ },
  ...{ role: 'button', name: /^Release/ },
  prepare: (answer) => answer,
  change: (answer) => ({
    ...answer,
    possible: [
      { action: 'contain', description: '', consequence: 'is cut off', emphasis: 'recommended' },
      ...answer.possible,
    ],
  }),
};

const earlierCase: Moved<ThingAnswer> = {
  ...{ what: 'earlier case', path: 'things/hostile%3A_-1', answer: /\/api\/things\/[^/]+$/ },
  ...{ role: 'link', name: '3 days ago' },
  prepare: (answer) => ({ ...answer, earlier: [anEarlierCase(3)] }),
  change: (answer) => ({ ...answer, earlier: [anEarlierCase(1), ...answer.earlier] }),
};

const endOfTimeline: Moved<TimelineAnswer> = {
  ...{ what: 'button below a timeline', path: 'cases/hostile%3A_-1', answer: /\/timeline\?/ },
  ...{ role: 'button', name: 'Show what came later' },
  prepare: (answer) => ({ ...answer, next: 'next' }),
  change: (answer) => ({
    ...answer,
    rows: [...answer.rows, { id: 'new', entries: [{ at: 0, what: 'new' }] }],
  }),
};

const moved = [act, earlierCase, endOfTimeline] as unknown as readonly Moved<never>[];

/** Makes the page read its list again, and waits until it has drawn the list. */
async function readAgain(page: Page, path = /\/console\/api\/cases\?/): Promise<void> {
  const isRead = page.waitForResponse((response) => path.test(response.url()));
  await hasten(page);
  await (await isRead).finished();
  await drawTwice(page);
}

async function waitForOrder(page: Page, ...names: string[]): Promise<void> {
  await waitUntil(
    () => `the order ${names}`,
    async () => String(await page.locator('a.thing').allTextContents()) === String(names),
  );
}
