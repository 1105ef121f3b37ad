import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Issuer, startIssuer } from '../issuer';
import { type EndToEnd, root, startEndToEnd } from './harness';
import { type Packages, packageService } from './package-service';

const origin = 'https://console.example';
let issuer: Issuer;
let e2e: EndToEnd;
let packages: Packages;

beforeAll(async () => {
  issuer = await startIssuer();
  const shipped = await readFile(join(root, 'cordon.yml'), 'utf8');
  packages = await packageService(shipped.replace(/^guards:\n/m, 'guards:\n  fourEyes: true\n'));
  e2e = await startEndToEnd({
    artifactsDirectory: packages.directory,
    parameters: {
      OidcIssuer: issuer.url,
      OidcAudience: 'cordon,cordon-cli',
      OidcGroupClaim: 'cognito:groups',
      OidcOperatorGroup: 'soc',
      ConsoleOrigin: origin,
      // What security reviewers ask for, all at once: everything works under it.
      PermissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess',
      RolePath: '/security/cordon/',
      LogKmsKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/logs',
      KmsKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/data',
    },
  });
}, 180_000);
afterAll(async () => {
  await e2e.close();
  await issuer.close();
  await packages.remove();
});

async function call(method: string, path: string, claims: Record<string, unknown>): Promise<Response> {
  const token = await issuer.issue({ aud: 'cordon-cli', sub: 's-1', ...claims });
  return fetch(`${e2e.stack.deployed.outputs.ApiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, origin },
  });
}

describe('the HTTP API behind an OIDC provider', () => {
  it('lets every user of the provider read, and only operators act, identified by their address', async () => {
    await e2e.enroll('asked');
    const reader = { email: 'bob@example.com', 'cognito:groups': ['dev'] };
    const operator = { email: 'ada@example.com', email_verified: true, 'cognito:groups': ['dev', 'soc'] };

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
    const second = { ...operator, sub: 's-2', email: 'carol@example.com' };
    expect((await call('POST', '/things/asked/approve', second)).status).toBe(202);
    const { caseId } = await e2e.waitForCase('asked', 'contained');

    const timeline = await call('GET', '/cases/asked/timeline', reader);
    expect(JSON.stringify(await timeline.json())).toContain(
      '"what":"approve","actor":"carol@example.com","detail":"asked for by ada@example.com"',
    );
    expect(caseId).toMatch(/^[0-9a-f]{24}$/);
  }, 180_000);
});
