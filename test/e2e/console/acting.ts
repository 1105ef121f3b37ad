import { CreateThingCommand } from '@aws-sdk/client-iot';
import type { Request } from 'playwright-core';
import { connectCases } from '../../../shared/storage/cases';
import { anAlert } from '../alerts';
import { waitUntil } from '../harness';
import { containReported, endAlarm, waitForOther } from './cases';
import { type ConsoleStack, phone } from './stack';

/** Acts on one case and on many, also where somebody else acts meanwhile. */
export function testActing(at: ConsoleStack): void {
  it('releases on a phone what two operators look at, and shows it to the other one', async () => {
    await containReported(at.e2e, 'shared-look', 'sleep 60');
    await endAlarm(at.e2e, 'shared-look');
    const [one, other] = await Promise.all([
      at.open('cases/shared-look', phone),
      at.open('cases/shared-look'),
    ]);
    await other.getByRole('button', { name: /^Release/ }).click();
    await other.getByRole('dialog').waitFor();

    await one.getByRole('button', { name: /^Release/ }).tap();
    await one.getByRole('dialog').getByRole('button', { name: 'Release' }).tap();
    await at.e2e.waitForCase('shared-look', 'closed');
    await one.getByText('Closed', { exact: true }).waitFor();
    await other.getByRole('dialog').getByRole('button', { name: 'Release' }).click();

    await other
      .getByRole('alert')
      .getByText(/has another case by now|is not contained/)
      .waitFor();
    await Promise.all([at.leave(one), at.leave(other)]);
  }, 180_000);

  it('hardens a containment, takes the case, and gives it back', async () => {
    await containReported(at.e2e, 'hardened', 'nc -l 4444');
    const page = await at.open('cases/hardened');
    const asked: string[] = [];
    const note = (request: Request) => void asked.push(new URL(request.url()).pathname);
    page.on('request', note);
    await page.getByRole('button', { name: 'Take it' }).click();
    await page.getByText('Assigned: local-operator').waitFor();
    await page.getByRole('button', { name: 'Let go' }).click();
    await page.getByText('Nobody is assigned').waitFor();

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
    // No command changes a person's identity, so the page does not read it again after each command.
    page.off('request', note);
    expect(asked.filter((path) => path.endsWith('/me')).length).toBeLessThan(2);
    await at.leave(page);
  }, 180_000);

  it('shows why a command was refused until somebody closes it, however many are sent after it', async () => {
    const page = await at.open('cases/hardened');
    const take = page.getByRole('button', { name: 'Take it' });
    await page.route('**/assign', (route) =>
      route.request().postDataJSON().dryRun
        ? route.continue()
        : route.fulfill({ status: 409, json: { detail: 'hardened is not there' } }),
    );
    await take.click();
    const refused = page.locator('.toast', { hasText: 'hardened is not there' });
    await refused.waitFor();

    await page.route('**/assign', (route) => route.fulfill({ status: 202, json: { commandId: 'none' } }));
    for (let sent = 1; sent <= 5; sent += 1) {
      await take.click();
      await page
        .locator('.toast', { hasText: 'assignment sent' })
        .nth(Math.min(sent, 3) - 1)
        .waitFor();
    }
    expect(await refused.count()).toBe(1);
    await refused.getByRole('button').click();
    await refused.waitFor({ state: 'detached' });
    await at.leave(page);
  }, 180_000);

  it('acts on many at once by their typed number, and on none if another number matches in the meantime', async () => {
    const pumps = Array.from({ length: 18 }, (_, index) => `pump-${index}`);
    await Promise.all(pumps.map((thingName) => at.e2e.iot.send(new CreateThingCommand({ thingName }))));
    await Promise.all(pumps.map((thingName) => at.e2e.publishAlert(anAlert(thingName))));
    await waitUntil(
      () => 'a case of each pump',
      async () => {
        const cases = await Promise.all(pumps.map((name) => at.e2e.loadCase(name)));
        return cases.every((one) => one && (one.ledger.length > 0 || one.status === 'awaiting-approval'));
      },
    );
    const waiting: string[] = [];
    for (const name of pumps)
      if ((await at.e2e.loadCase(name))?.status === 'awaiting-approval') waiting.push(name);
    const [first = '', second = '', third = '', ...others] = waiting;
    expect(others.length).toBeGreaterThanOrEqual(5);
    const page = await at.open('');
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
    await waitForOther(at.e2e, [first, second], 'awaiting-approval');

    const all = waiting.length - 2;
    const ones = waiting.slice(2).filter((name) => name.startsWith('pump-1')).length;
    await page.getByLabel('Things whose name begins with').fill('pump-1');
    await page.keyboard.press('Enter');
    await page
      .getByRole('link', { name: `Needs somebody ${ones}`, exact: true })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('button', { name: 'Show only these' }).click();
    await page.getByText('Only no-child-processes').waitFor();
    await page.getByRole('button', { name: `Reject all ${all}` }).click();
    const caseId = (await at.e2e.loadCase(third))?.caseId ?? '';
    await at.e2e.command({ type: 'reject', thingName: third as never, actor: 'ben', caseId } as never);
    await waitForOther(at.e2e, [third], 'awaiting-approval');
    await typed.fill(String(all));
    await dialog.getByRole('button', { name: `Reject ${all}` }).click();
    await dialog
      .getByRole('alert')
      .getByText(`Expected ${all}, but ${all - 1} are selected: nothing was sent`)
      .waitFor();
    expect(await Promise.all(others.map(async (name) => (await at.e2e.loadCase(name))?.status))).toEqual(
      others.map(() => 'awaiting-approval'),
    );
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `Reject all ${all - 1}` }).click();
    await typed.fill(String(all - 1));
    await dialog.getByRole('button', { name: `Reject ${all - 1}` }).click();
    await waitForOther(at.e2e, others, 'awaiting-approval');

    await page.goto(`${at.origin()}/console/?show=In%20progress`);
    for (const name of [first, second])
      await page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
    await selection.getByRole('button', { name: 'Release' }).click();
    await typed.fill('2');
    await dialog.getByRole('button', { name: 'Release 2' }).click();
    for (const name of [first, second]) await at.e2e.waitForCase(name, 'closed');
    await at.leave(page);
  }, 180_000);

  it('takes a storm of failed containments at once, and hardens it with chosen actions and the typed number only', async () => {
    const original = (await at.e2e.cases.load('hardened' as never))?.value;
    if (!original) throw new Error('there is nothing to copy');
    const stuck = Array.from({ length: 6 }, (_, index) => `stuck-${index}`);
    const { save } = connectCases(at.e2e.stack.deployed.outputs.TableName ?? '', at.e2e.dynamodb);
    for (const name of stuck)
      await save(
        {
          ...{ ...original, thingName: name, caseId: name, status: 'containment-failed' },
          ...{
            updatedAt: Date.now(),
            dueAt: Date.now() + 86_400_000,
            reason: { code: 'text', text: 'refused' },
          },
        } as never,
        0,
      );
    const page = await at.open('?thing=stuck-');
    const dialog = page.getByRole('dialog');

    await page.getByRole('button', { name: 'Harden all 6…' }).click();
    const harden = dialog.getByRole('button', { name: 'Harden 6' });
    await dialog.getByLabel(/to confirm the number/).fill('6');
    expect(await harden.isDisabled()).toBe(true);
    // No playbook names it, so `respond` has no right to it.
    expect(await dialog.getByLabel(/^replace-policy-version/).count()).toBe(0);
    await dialog.getByLabel(/^deny-certificate/).check();
    expect(await harden.isDisabled()).toBe(false);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Take all 6…' }).click();
    await dialog.getByRole('button', { name: 'Take 6' }).click();
    await page.getByText('Assignment sent for 6 of 6 things.').waitFor();
    await page.getByText('6 of them assigned').waitFor();
    for (const name of stuck)
      expect((await at.e2e.loadCase(name))?.assignee).toMatch(/user\/local-operator$/);
    await at.leave(page);
  }, 180_000);

  it('leads from the group of a thing to the cases of its things, the quarantine group included', async () => {
    const page = await at.open('?group=cordon-quarantine&show=Contained');
    await page.getByText('Only things of group cordon-quarantine').waitFor();
    await page.getByRole('link', { name: 'hardened', exact: true }).waitFor();
    await page.goto(`${at.origin()}/console/?group=no-such-group`);
    await page.getByText('No other open case matches either.').waitFor();
    await at.leave(page);
  }, 180_000);
}
