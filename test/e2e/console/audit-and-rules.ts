import { readFile } from 'node:fs/promises';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Page } from 'playwright-core';
import { thingKey } from '../../../shared/domain/thing-ref';
import { caseKey, closedKey, type ItemKey, thingOf } from '../../../shared/storage/keys';
import { findFaults } from './page';
import type { ConsoleStack } from './stack';

/** Needs the thing `hardened` of the tests of acts. */
export function testAuditAndRules(at: ConsoleStack): void {
  it('shows in the audit what somebody did to a thing, and saves it as CSV and JSON', async () => {
    const page = await at.open('');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('u');
    await page.getByRole('heading', { name: 'Audit' }).waitFor();
    await page.getByLabel('Thing').fill('hardened');
    await page.getByLabel('Person').fill('nobody-else');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByRole('heading', { name: 'Nobody did anything' }).waitFor();
    await page.getByLabel('Person').fill('');
    await page.getByLabel('Time').selectOption('last day');
    await page.getByRole('button', { name: 'Filter' }).click();

    const entries = page.locator('.audit .entry');
    await entries.filter({ hasText: 'it runs a listener' }).waitFor();
    const things = await entries.locator('a').allTextContents();
    expect(new Set(things)).toEqual(new Set(['hardened']));

    const csv = await save(page, 'CSV');
    const json = JSON.parse(await save(page, 'JSON'));
    expect(json.acts).toHaveLength(things.length);
    const lines = csv.trimEnd().split('\r\n');
    expect(lines).toHaveLength(things.length + 1);
    expect(lines[0]).toBe('"at","actor","thing","case","what","detail"');
    expect(lines.slice(1).map((line) => line.slice(0, 26))).toEqual(
      json.acts.map(({ at }: { at: number }) => `"${new Date(at).toISOString()}"`),
    );
    await at.leave(page);
  }, 180_000);

  it('shows more of the audit and of a timeline on request, page by page', async () => {
    const page = await at.open('audit?thing=hardened');
    // The pages of the API are longer than any list here, so this asks for one entry a page.
    await page.route(/\/(audit|timeline)\?/, (route) => {
      const url = new URL(route.request().url());
      url.searchParams.set('limit', '1');
      return route.continue({ url: url.href });
    });

    for (const [path, list, more] of [
      ['audit?thing=hardened', '.audit', 'Show earlier acts'],
      ['cases/hardened', '.timeline', 'Show what came later'],
    ] as const) {
      await page.goto(`${at.origin()}/console/${path}`);
      const entries = page.locator(`${list} .entry`);
      let seen = 0;
      for (let pages = 1; pages < 3; pages += 1) {
        await entries.nth(seen).waitFor();
        seen = await entries.count();
        await page.getByRole('button', { name: more }).click();
      }
      await entries.nth(seen).waitFor();
      const texts = await entries.allTextContents();
      expect(new Set(texts).size).toBe(texts.length);
    }
    await at.leave(page);
  }, 180_000);

  it('shows what an edited cordon.yml would have done, names its faults, and stops on request', async () => {
    const page = await at.open('rules');
    const editor = page.getByLabel(/^Copy of cordon.yml/);
    const shipped = await editor.inputValue();
    const replay = page.getByRole('button', { name: 'Replay the last seven days' });

    await editor.fill(shipped.replace('mode: enforce', 'mode: enforced'));
    await replay.click();
    const line = shipped.split('\n').findIndex((text) => text.includes('mode: enforce')) + 1;
    await page.getByRole('button', { name: `Line ${line}` }).click();
    const chosen = 'getSelection().toString()';
    expect(await page.evaluate(chosen)).toContain('mode: enforced');

    const restore = await damageCopy(at, 'hardened', caseKey(thingKey('broken')));
    await editor.fill(shipped.replace('mode: enforce', 'mode: approve'));
    await replay.click();
    await page.getByText(/of \d+ things would be treated differently/).waitFor();
    const difference = page.getByRole('listitem').filter({ hasText: 'hardened' });
    await difference.getByText(/^contained \(spawned-child: .*quarantine/).waitFor();
    await difference.getByText(/^asked about \(spawned-child/).waitFor();
    await page.getByText('the case of broken: its item in the table is damaged').waitFor();
    expect(await findFaults(page)).toEqual([]);
    await restore();

    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await page.route('**/recording?**', (route) => held.then(() => route.continue()));
    await replay.click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    goOn();
    await replay.waitFor();
    await page.getByText(/treated differently/).waitFor({ state: 'detached' });
    await at.leave(page);
  }, 180_000);

  it('names the damaged earlier cases of a thing', async () => {
    const restore = await damageCopy(at, 'hardened', closedKey(thingKey('hardened'), 1, 'case-by-hand'));

    const page = await at.open('things/hardened');

    await page.getByText('The case case-by-hand: its item in the table is damaged').waitFor();
    expect(await findFaults(page)).toEqual([]);
    await restore();
    await at.leave(page);
  });
}

/** Writes a thing's case under another key, which makes it unreadable. Returns a function that removes it again. */
async function damageCopy(
  { e2e }: ConsoleStack,
  original: string,
  Key: ItemKey,
): Promise<() => Promise<void>> {
  const TableName = e2e.stack.deployed.outputs.TableName ?? '';
  const documents = DynamoDBDocumentClient.from(e2e.dynamodb);
  const { Item } = await documents.send(new GetCommand({ TableName, Key: caseKey(thingKey(original)) }));
  await documents.send(
    new PutCommand({ TableName, Item: { ...Item, ...Key, thingName: thingOf(Key.pk), value: 'by hand' } }),
  );
  return async () => void (await documents.send(new DeleteCommand({ TableName, Key })));
}

/** The text of the file that the button saves. */
async function save(page: Page, format: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Download ${format}` }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`cordon-audit.${format.toLowerCase()}`);
  return readFile(await download.path(), 'utf8');
}
