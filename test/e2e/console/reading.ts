import { containReported, endAlarm, hostile } from './cases';
import { findFaults, isTooWide, tabTo, waitForAll } from './page';
import { type ConsoleStack, desktop } from './stack';

/** What people read, by keyboard, by mouse, on a phone and with a screen reader. */
export function testReading(at: ConsoleStack): void {
  it('shows the story and plays it to its end by keyboard alone', async () => {
    await containReported(at.e2e, 'keyed', 'sh -c "curl x | sh"');
    await endAlarm(at.e2e, 'keyed');
    const page = await at.open('');
    await page.getByRole('heading', { name: 'Needs somebody' }).waitFor();
    await page.keyboard.press('3');
    await page.locator('a.thing', { hasText: 'keyed' }).waitFor();
    await page
      .getByRole('status')
      .getByText(/^\d+ cases?$/)
      .waitFor();

    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Next case').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('1');
    await page.getByRole('heading', { name: 'Needs somebody' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('keyed');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Open the thing keyed' }).waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Contained', exact: true }).click();
    await page.locator('a.thing', { hasText: 'keyed' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'keyed' }).waitFor();
    const story = page.getByRole('status');
    await story
      .getByText('It is contained by disconnect and quarantine, and the denial is verified')
      .waitFor();
    await page.getByText('sh -c "curl x | sh"').waitFor();
    await page.locator('.chart canvas').waitFor();
    await page.keyboard.press('i');
    await page.getByText('Assigned: local-operator').waitFor();
    await page.keyboard.press('l');
    await page.getByRole('dialog').getByLabel('Comment').fill('cleaned by hand');
    await tabTo(page, 'Release');
    await page.keyboard.press('Enter');

    await at.e2e.waitForCase('keyed', 'closed');
    await page.getByText('Closed', { exact: true }).waitFor();
    await page.locator('.comment', { hasText: 'cleaned by hand' }).waitFor();
    await page.getByText(/Release by .+: “cleaned by hand”$/).waitFor();
    await at.leave(page);
  }, 180_000);

  it('shows what an attacker wrote as text, in words and comments alike', async () => {
    await containReported(at.e2e, 'hostile:_-1', hostile);
    const page = await at.open('cases/hostile%3A_-1');
    await page.locator('code.command', { hasText: hostile }).waitFor();

    await page.getByLabel('Comment').fill(hostile);
    await page.getByRole('button', { name: 'Add the comment' }).click();

    await page.locator('.comment', { hasText: hostile }).waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).toBe('hostile:_-1 · Cordon');
    await at.leave(page);
  }, 180_000);

  it('shows a name of 128 characters whole, and says so if an address was cut off', async () => {
    const name = `${'w'.repeat(127)}_`;
    await containReported(at.e2e, name, 'sh');
    const page = await at.open('?show=Contained');
    await page.locator('a.thing', { hasText: name }).waitFor();
    const isCut = `[...document.querySelectorAll('a.thing')].some((link) => link.scrollWidth > link.clientWidth)`;
    expect(await page.evaluate(isCut)).toBe(false);

    await page.goto(`${at.origin()}/console/cases/hostile%3`);
    await page.getByText('No case to show').waitFor();
    await at.leave(page);
  }, 180_000);

  it('names the degraded agents with the reasons, and links to their things', async () => {
    const page = await at.open('fleet');
    const row = page.locator('.pairs > div', { has: page.getByRole('link', { name: 'hostile:_-1' }) });

    await row.getByText("can't see all processes; reports of-a-later-version").waitFor();
    await row.getByRole('link').click();

    await page.getByRole('heading', { level: 1, name: 'hostile:_-1' }).waitFor();
    await page.getByText("can't see all processes; reports of-a-later-version").waitFor();
    await at.leave(page);
  }, 180_000);

  it.each([
    ['', 'light'],
    ['?show=Contained', 'dark'],
    ['cases/hostile%3A_-1', 'light'],
    ['cases/hostile%3A_-1', 'dark'],
    ['things/hostile%3A_-1', 'light'],
    ['rules', 'dark'],
    ['fleet', 'light'],
    ['audit', 'light'],
    ['messages', 'light'],
  ] as const)(
    'has no fault that axe finds at /%s in %s colours, and fits a phone and 200 %%',
    async (path, colorScheme) => {
      const page = await at.open(path, { ...desktop, colorScheme });
      await page.getByRole('heading', { level: 1 }).waitFor();
      await waitForAll(page);
      await page.getByText('Live', { exact: true }).waitFor();
      expect(await findFaults(page)).toEqual([]);
      for (const width of [640, 390]) {
        await page.setViewportSize({ width, height: 844 });
        expect([width, await isTooWide(page)]).toEqual([width, false]);
      }
      expect(await findFaults(page)).toEqual([]);
      await at.leave(page);
    },
    180_000,
  );

  it('reads to a screen reader in order: what it is, what can be done, what was measured, what happened', async () => {
    const page = await at.open('cases/hostile%3A_-1');
    await page.getByRole('img', { name: /threshold 0/ }).waitFor();
    await page.getByRole('list', { name: 'What happened, oldest first' }).waitFor();

    const read = await page.locator('main').ariaSnapshot();
    const found = read.match(
      /(heading|list|img|table|textbox|row) "[^"]+"( \[level=\d\])?|columnheader "[^"]+"/g,
    );

    expect(
      found?.map((one) => one.replace(/"num_child_procs_myapp: .*, threshold 0, alarm at .*"/, '"chart"')),
    ).toEqual(
      expect.arrayContaining([
        'heading "hostile:_-1" [level=1]',
        'list "What you can do now"',
        'heading "Processes" [level=2]',
        'list "Processes"',
        'img "chart"',
        'textbox "Comment"',
        'list "What happened, oldest first"',
        'list "Actions, with their proof"',
        'columnheader "Now"',
        'list "Behaviors of this case"',
      ]),
    );
    await at.leave(page);
  }, 180_000);
}
