import type { Page } from 'playwright-core';
import type { CaseListAnswer } from '../../../shared/api/lists';
import { changeAnswers, drawTwice } from './page';
import { type ConsoleStack, phone } from './stack';

/** A narrow window. Needs the contained cases of the tests of many cases. */
export function testNarrow(at: ConsoleStack): void {
  it('hides nothing that the Tab key reaches behind the bars at the end of a narrow window', async () => {
    const page = await at.open('?show=Contained', phone);
    await page.locator('a.thing').nth(49).waitFor();
    await page.getByRole('link', { name: /^Contained \d/ }).waitFor();

    expect(await tabOn(page, 30)).toEqual([]);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Space');
    await page.getByRole('region', { name: 'Selected cases' }).waitFor();
    expect(await tabOn(page, 30)).toEqual([]);
    await page.setViewportSize({ width: 1_280, height: 600 });
    expect(await tabOn(page, 30)).toEqual([]);
    await at.leave(page);
  }, 180_000);

  it('shows the name of a thing in one line, however long the name of its assignee is', async () => {
    const page = await at.open('config.json', phone);
    const assignee = `arn:aws:sts::123456789012:assumed-role/${'operators-of-the-fleet-'.repeat(3)}/somebody@example.com`;
    await changeAnswers(page, /\/api\/cases\?/, (answer: CaseListAnswer) => ({
      ...answer,
      cases: answer.cases.slice(0, 3).map((one) => ({ ...one, thingName: 'pump-17', assignee })),
    }));
    await page.goto(`${at.origin()}/console/?show=Contained`);
    const name = page.getByRole('link', { name: 'pump-17' }).first();
    await name.waitFor({ state: 'attached' });

    expect((await name.boundingBox())?.height).toBeLessThan(40);
    await at.leave(page);
  }, 180_000);

  it('brings the chip of the list into view that is seen', async () => {
    const page = await at.open('?show=Closed', phone);
    const chip = page.getByRole('link', { name: 'Closed', exact: true });
    await chip.waitFor();
    const { x, width } = (await chip.boundingBox()) ?? { x: 0, width: 0 };

    expect(x + width).toBeLessThanOrEqual(phone.viewport.width);
    await at.leave(page);
  }, 180_000);
}

/** Moves the focus by this many elements. Returns those that something else covers. */
async function tabOn(page: Page, presses: number): Promise<string[]> {
  const hidden: string[] = [];
  for (let pressed = 0; pressed < presses; pressed += 1) {
    await page.keyboard.press('Tab');
    // The browser may scroll to the focus as late as with the next frame.
    if ((await findCover(page)) === '') continue;
    await drawTwice(page);
    const cover = await findCover(page);
    if (cover !== '') hidden.push(cover);
  }
  return hidden;
}

/** What has the focus, and what covers it; empty if nothing does. */
function findCover(page: Page): Promise<string> {
  return page.evaluate(`(() => {
    const reached = document.activeElement;
    const { left, top, width, height } = reached.getBoundingClientRect();
    // A browser leaves what a scrolled line shows only a part of.
    const x = Math.min(Math.max(left + width / 2, 1), innerWidth - 1);
    const seen = document.elementFromPoint(x, top + height / 2);
    const isSeen = seen !== null && (reached.contains(seen) || seen.contains(reached));
    return isSeen ? '' : reached.outerHTML + ' behind ' + (seen?.outerHTML ?? 'the edge');
  })()`);
}
