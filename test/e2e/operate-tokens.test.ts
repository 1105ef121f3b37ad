import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { Browser, Page } from 'playwright-core';
import { findApiUrl } from '../../cli/console/run';
import type { RegisteredClient } from '../authorization-server';
import { type Issuer, startIssuer } from '../issuer';
import { launchBrowser, openWatchedPage } from './browser';
import { openCli } from './cli-process';
import { registerUser } from './documented-rights';
import { type EndToEnd, root, startEndToEnd, waitUntil } from './harness';
import { type Packages, packageService } from './package-service';

const origin = 'https://console.example';
const reader = { sub: 's-2', email: 'bob@example.com', 'cognito:groups': ['dev'] };
const operator = {
  sub: 's-1',
  email: 'ada@example.com',
  email_verified: true,
  'cognito:groups': ['dev', 'soc'],
};
const carol = { ...operator, sub: 's-3', email: 'carol@example.com' };
let issuer: Issuer;
let e2e: EndToEnd;
let browser: Browser;
let packages: Packages;
let configuration: string;

beforeAll(async () => {
  issuer = await startIssuer();
  const shipped = await readFile(join(root, 'cordon.yml'), 'utf8');
  configuration = shipped.replace(/^guards:\n/m, 'guards:\n  fourEyes: true\n');
  packages = await packageService(configuration);
  [e2e, browser] = await Promise.all([
    startEndToEnd({
      artifactsDirectory: packages.directory,
      parameters: {
        OidcIssuer: issuer.url,
        OidcAudience: 'cordon,cordon-cli',
        OidcGroupClaim: 'cognito:groups',
        OidcOperatorGroup: 'soc',
        ConsoleOrigin: origin,
        // All headers that security reviewers ask for, at once. The console works with all of them.
        PermissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess',
        RolePath: '/security/cordon/',
        LogKmsKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/logs',
        KmsKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/data',
      },
    }),
    launchBrowser(),
  ]);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await e2e?.close();
  await issuer?.close();
  await packages?.remove();
});

async function call(method: string, path: string, claims: Record<string, unknown>): Promise<Response> {
  const token = await issuer.issue({ aud: 'cordon-cli', ...claims });
  return fetch(`${e2e.stack.deployed.outputs.ApiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, origin },
  });
}

describe('the HTTP API behind an OIDC provider', () => {
  it('lets every user of the provider read, and only operators act, identified by their address', async () => {
    await e2e.enroll('asked');

    const read = await call('GET', '/cases', reader);
    const refused = await call('POST', '/things/asked/contain', reader);
    const other = await call('POST', '/things/asked/contain', { ...operator, aud: 'other' });
    expect([read.status, refused.status, other.status]).toEqual([200, 403, 401]);
    expect(read.headers.get('access-control-allow-origin')).toBe(origin);
    expect(await refused.json()).toMatchObject({ detail: 'only members of soc may do this' });
    expect(await e2e.loadCase('asked')).toBeUndefined();

    // guards.fourEyes: another person has to say so too.
    expect((await call('POST', '/things/asked/contain', operator)).status).toBe(202);
    await e2e.waitForCase('asked', 'awaiting-approval');
    const again = await call('POST', '/things/asked/approve', {
      ...operator,
      email: 'a.lovelace@example.com',
    });
    expect([again.status, await again.json()]).toEqual([
      409,
      expect.objectContaining({ detail: expect.stringContaining('you asked for it') }),
    ]);
    expect((await call('POST', '/things/asked/approve', carol)).status).toBe(202);
    const { caseId } = await e2e.waitForCase('asked', 'contained');

    const timeline = await call('GET', '/cases/asked/timeline', reader);
    expect(JSON.stringify(await timeline.json())).toContain(
      '"what":"approved","actor":"carol@example.com","detail":"asked for by ada@example.com"',
    );
    expect(caseId).toMatch(/^[0-9a-f]{24}$/);
  }, 180_000);
});

describe('the command line, if two people are asked for', () => {
  it('counts IAM users as persons, and refuses the approval of the person who ordered the containment', async () => {
    await e2e.enroll('by-cli');
    const openAs = async (user: string) => {
      const { credentials } = await registerUser(e2e, user, ['act-on-cases']);
      return openCli(e2e, configuration, credentials);
    };
    const [ann, ben] = await Promise.all([openAs('ann'), openAs('ben')]);

    const asked = await ann.run('contain', 'by-cli', '--comment', 'it mines');
    const own = await ann.run('approve', 'by-cli', '--comment', 'really', '--actor', 'ben');
    expect([asked.code, own.code]).toEqual([4, 3]);
    expect(asked.err).toMatch(/by-cli: containment by \S+ waits for a second person until/);
    expect(own.err).toContain('you asked for it');
    expect((await e2e.loadCase('by-cli'))?.status).toBe('awaiting-approval');

    const confirmed = await ben.run('approve', 'by-cli', '--comment', 'I see it too');
    expect([confirmed.code, confirmed.out]).toEqual([
      0,
      expect.stringContaining('by-cli is contained, and the denial is verified'),
    ]);
    await Promise.all([ann.remove(), ben.remove()]);
  }, 180_000);
});

describe('the console behind an OIDC provider', () => {
  it('is named by cordon console, whose signed requests the API would refuse', async () => {
    const { gateway } = e2e.stack.aws;
    const { region } = e2e.stack.identity;
    const { url: endpoint, operatorCredentials: credentials } = gateway;
    const client = new CloudFormationClient({ endpoint, region, credentials });
    await expect(findApiUrl('dev', client)).rejects.toThrow(
      `takes tokens of ${issuer.url} and no AWS credentials: open ${url()} and sign in there`,
    );
    client.destroy();
  });

  const url = () => e2e.stack.deployed.outputs.ConsoleUrl ?? '';
  /** What no page may do: send a request to a third party, violate the page's policy, or throw. */
  const misdeeds: string[] = [];
  /** The requests that the pages made. */
  const addresses: string[] = [];

  function register(more: Partial<RegisteredClient> = {}): void {
    issuer.state.clients.set('cordon', {
      clientId: 'cordon',
      redirectUri: `${url()}/signed-in`,
      afterLogout: `${url()}/signed-out`,
      scopes: ['openid', 'email'],
      mayRefresh: false,
      ...more,
    });
  }

  async function open(path: string): Promise<Page> {
    const page = await openWatchedPage(browser, { viewport: { width: 390, height: 844 } }, misdeeds);
    page.on('request', (request) => {
      const asked = new URL(request.url());
      if (![new URL(url()).origin, issuer.url].includes(asked.origin)) misdeeds.push(asked.href);
      addresses.push(asked.href);
      if (/[?&]code=/.test(request.headers().referer ?? ''))
        misdeeds.push(`a code in a Referer to ${asked.href}`);
    });
    await page.goto(`${url()}${path}`);
    return page;
  }

  const logIn = (page: Page, name: string) => page.getByRole('button', { name }).click();
  const showsCase = (page: Page) => page.getByRole('heading', { name: 'asked' }).waitFor();
  const isAt = (page: Page, path: string) => page.waitForURL(`${url()}${path}`);

  beforeEach(() => {
    issuer.state.people.set('ada', operator).set('bob', reader).set('carol', carol);
    issuer.state.tokenSeconds = 3_600;
    issuer.state.forgeState = false;
    issuer.state.forgedClaims = {};
    issuer.state.refused.length = 0;
    register();
  });

  it('signs an operator in, opens the requested view, and records acts under the operator’s name', async () => {
    const page = await open('/cases/asked?from=mail');
    await logIn(page, 'ada');
    await showsCase(page);
    await isAt(page, '/cases/asked?from=mail');

    await page.getByLabel('Comment').fill('seen in the console');
    await page.getByRole('button', { name: 'Add the comment' }).click();
    await page.locator('.comment', { hasText: 'seen in the console' }).waitFor();

    const timeline = await call('GET', '/cases/asked/timeline', reader);
    expect(JSON.stringify(await timeline.json())).toMatch(
      /"actor":"ada@example.com"[^}]*seen in the console/,
    );
    expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([
      0,
      0,
      '',
    ]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.context().close();
  }, 180_000);

  it('shows a viewer no act, but who can act', async () => {
    const page = await open('/cases/asked');
    await logIn(page, 'bob');
    await showsCase(page);

    await page.getByText('You can read only: members of soc can act.').waitFor();
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
    expect(await page.getByLabel('Comment').count()).toBe(0);
    await page.keyboard.press('l');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.context().close();
  }, 180_000);

  it('needs two people to harden, and says to the first one before a click that somebody else has to confirm', async () => {
    const harden = async (page: Page) => {
      await page.getByRole('button', { name: /^Harden/ }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/to confirm/).fill('asked');
      return dialog;
    };
    const first = await open('/cases/asked');
    await logIn(first, 'ada');
    await first.getByText('It needs a second person.').waitFor();
    const dialog = await harden(first);
    await dialog.getByLabel(/^deactivate-certificate/).check();
    await dialog.getByRole('button', { name: 'Harden' }).click();
    await first.getByText(/^You asked to harden it \(deactivate-certificate\): a second person/).waitFor();
    await first.getByText(/You can’t: .*you asked for it/).waitFor();
    expect(await first.getByRole('button', { name: /^Harden/ }).isDisabled()).toBe(true);

    const second = await open('/cases/asked');
    await logIn(second, 'carol');
    await second.getByText(/^ada@example.com asked to harden it \(deactivate-certificate\)/).waitFor();
    await second.getByText('Somebody else asked for it: you confirm.').waitFor();
    await (await harden(second)).getByRole('button', { name: 'Harden' }).click();

    const strength = first.getByRole('listitem').filter({ hasText: /^deactivate-certificate/ });
    await strength.getByText('Proven').waitFor();
    const entry = { hasText: /hardening ordered by carol@example.com\s*asked for by ada@example.com/ };
    await first.locator('.entry', entry).waitFor();
    await Promise.all([first.context().close(), second.context().close()]);
  }, 180_000);

  it('lets the first person confirm neither in bulk nor by force, and shows the second one what is asked', async () => {
    const things = ['twice-1', 'twice-2'];
    for (const name of things) {
      await e2e.enroll(name);
      expect((await call('POST', `/things/${name}/contain`, operator)).status).toBe(202);
      await e2e.waitForCase(name, 'awaiting-approval');
    }
    const approveBoth = async (page: Page) => {
      for (const name of things)
        await page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
      await page
        .getByRole('region', { name: 'Selected cases' })
        .getByRole('button', { name: 'Approve' })
        .click();
      const note = page
        .getByRole('dialog')
        .getByText('You asked for 2 of these: somebody else has to confirm.');
      if (page === first) await note.waitFor();
      await page
        .getByRole('dialog')
        .getByLabel(/to confirm the number/)
        .fill('2');
      if (page !== first) expect(await note.count()).toBe(0);
      await page.getByRole('dialog').getByRole('button', { name: 'Approve 2' }).click();
    };
    const first = await open('');
    await logIn(first, 'ada');
    await approveBoth(first);
    await first.getByText(/^2 not sent, such as twice-1: .*you asked for it/).waitFor();
    await first.getByRole('link', { name: 'twice-1', exact: true }).click();
    await first.getByText(/You can’t: .*you asked for it/).waitFor();
    expect(await first.getByRole('button', { name: /^Approve/ }).isDisabled()).toBe(true);
    expect(await first.getByRole('button', { name: /^Reject/ }).isDisabled()).toBe(false);
    expect((await e2e.loadCase('twice-1'))?.status).toBe('awaiting-approval');
    const second = await open('');
    await logIn(second, 'carol');
    await approveBoth(second);
    await second.getByText('Approval sent for 2 of 2 things.').waitFor();
    for (const name of things) await e2e.waitForCase(name, 'contained');

    await first.goto(`${url()}/cases/twice-1`);
    await first.getByRole('button', { name: /^Release/ }).click();
    const asking = first.getByRole('dialog');
    await asking.getByLabel(/^Release even if/).check();
    await asking.getByLabel(/to confirm/).fill('twice-1');
    await asking.getByRole('button', { name: 'Release' }).click();
    await first.getByText(/^You asked to release it by force: a second person/).waitFor();
    await second.goto(`${url()}/cases/twice-1`);
    await second.getByText(/^ada@example.com asked to release it by force/).waitFor();
    await second.getByRole('button', { name: /^Release/ }).click();
    const confirming = second.getByRole('dialog');
    expect(await confirming.getByLabel(/^Release even if/).isChecked()).toBe(true);
    await confirming.getByLabel(/to confirm/).fill('twice-1');
    await confirming.getByRole('button', { name: 'Release' }).click();
    await e2e.waitForCase('twice-1', 'closed');
    await Promise.all([first.context().close(), second.context().close()]);
  }, 180_000);

  it('renews the token silently if the provider lets it', async () => {
    register({ mayRefresh: true });
    issuer.state.tokenSeconds = 3;
    const page = await open('');
    await logIn(page, 'ada');
    await page.getByRole('heading', { level: 1 }).waitFor();
    const [first] = issuer.state.refreshTokens.keys();

    await waitUntil(
      () => 'a second refresh token',
      async () => issuer.state.refreshTokens.size === 1 && !issuer.state.refreshTokens.has(first ?? ''),
    );

    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(issuer.state.refused).toEqual([]);
    await page.context().close();
  }, 180_000);

  it('says that the token has expired, and comes back to the same view', async () => {
    issuer.state.tokenSeconds = 3;
    const page = await open('?show=Contained');
    await logIn(page, 'ada');
    await page.getByRole('alert').getByText('Your sign-in has expired.').waitFor();
    issuer.state.tokenSeconds = 3_600;

    await page.getByRole('button', { name: 'Sign in again' }).click();

    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByText('Live', { exact: true }).waitFor();
    await isAt(page, '?show=Contained');
    await page.context().close();
  }, 180_000);

  it('refuses an answer that it did not ask for, and one of another sign-in', async () => {
    const cold = await open('/signed-in?code=stolen&state=x&error=x&error_description=Call%20me');
    await cold.getByText('This sign-in was not begun in this tab, or is over already.').waitFor();
    expect(await cold.getByText('Call me').count()).toBe(0);
    await isAt(cold, '/signed-in');

    issuer.state.forgeState = true;
    const forged = await open('');
    await logIn(forged, 'ada');
    await forged.getByText(/unexpected "state"/).waitFor();
    await isAt(forged, '/signed-in');
    issuer.state.forgeState = false;
    await forged.getByRole('button', { name: 'Sign in' }).click();
    await isAt(forged, '');
    await forged.getByText('Live', { exact: true }).waitFor();

    expect(issuer.state.refused).toEqual([]);
    await Promise.all([cold.context().close(), forged.context().close()]);
  }, 180_000);

  it.each([
    ['nonce', { nonce: 'of-another-sign-in' }],
    ['iss', { iss: 'https://elsewhere.example' }],
    ['aud', { aud: 'another-client' }],
    ['exp', { exp: Math.floor(Date.now() / 1_000) - 120 }],
    ['iat', { iat: undefined }],
  ])(
    'lets nobody in with a token whose %s is wrong',
    async (claim, forged) => {
      issuer.state.forgedClaims = forged;
      const page = await open('');
      await logIn(page, 'ada');

      await page.getByText('The answer of the identity provider is not right').waitFor();
      await page.getByText(new RegExp(`"${claim}"|\\b${claim}\\b`)).waitFor();
      expect(await page.getByRole('navigation').count()).toBe(0);
      await isAt(page, '/signed-in');
      await page.context().close();
    },
    180_000,
  );

  it('signs in on a machine whose clock is an hour wrong, and holds as long as the token does', async () => {
    const context = await browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.clock.install({ time: Date.now() + 3_600_000 });
    await page.goto(url());
    await logIn(page, 'ada');

    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.clock.fastForward(3_601_000);
    await page.getByRole('alert').getByText('Your sign-in has expired.').waitFor();
    await context.close();
  }, 180_000);

  it('signs out at the provider as well', async () => {
    const page = await open('');
    await logIn(page, 'ada');
    await page.getByText('Live', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();

    await page.getByRole('button', { name: 'bob' }).waitFor();
    await page.context().close();
  }, 180_000);

  it('contacts no third party, shows no token and violates no policy in all of this', () => {
    expect(misdeeds).toEqual([]);
    const { tokens } = issuer.state;
    const showsToken = (address: string) =>
      /(access|refresh|id)_token|eyJ[\w-]+\.[\w-]+\./.test(address) ||
      tokens.some((token) => address.includes(token));
    expect(tokens.length).toBeGreaterThan(0);
    expect(addresses.filter(showsToken)).toEqual([]);
    // The name of a thing may be in an address of the console: it is nothing to the issuer.
    const fromConsole = issuer.state.referers.filter((referer) => referer.startsWith(new URL(url()).origin));
    expect(fromConsole).toEqual([]);
  });
});
