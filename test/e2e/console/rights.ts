import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { connectApi } from '../../../cli/console/api';
import { readConsole } from '../../../cli/console/files';
import { findApiUrl } from '../../../cli/console/run';
import { startConsole } from '../../../cli/console/server';
import { registerDocumented } from '../documented-rights';
import { root } from '../harness';
import { type ConsoleStack, desktop } from './stack';

/** Tests the rights of `cordon console`; the tests need both things. */
export function testRights(at: ConsoleStack): void {
  it('reads the API with the rights of docs/iam/console.json', async () => {
    const { credentials } = await registerDocumented(at.e2e, 'console');
    const region = at.e2e.stack.identity.region;
    const client = new CloudFormationClient({ endpoint: at.origin(), region, credentials });
    const api = connectApi(async () => ({
      url: await findApiUrl('dev', client),
      region: async () => region,
      credentials: async () => credentials,
    }));
    const { status, body } = await api({
      ...{ method: 'GET', path: '/cases/hostile%3A_-1', headers: {} },
      body: Buffer.alloc(0),
    });
    client.destroy();
    expect([status, JSON.parse(body.toString()).thingName]).toEqual([200, 'hostile:_-1']);
  });

  it('shows no act to a person who may only read, and names the missing right', async () => {
    const { region, accountId } = at.e2e.stack.identity;
    const credentials = { accessKeyId: 'AKIAVIEWERVIEWERVIEW', secretAccessKey: 'x'.repeat(40) };
    const { accessKeyId } = credentials;
    at.e2e.stack.aws.gateway.registerCaller(accessKeyId, {
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
    const api = connectApi(async () => ({
      url: at.e2e.stack.deployed.outputs.ApiUrl ?? '',
      region: async () => region,
      credentials: async () => credentials,
    }));
    const files = readConsole([join(root, 'dist', 'console')]);
    const server = await startConsole({ files, api, about: {}, port: 0 });
    const context = await at.browser.newContext({ ...desktop, locale: 'en-GB' });
    const page = await context.newPage();
    const link = server.issueLink();
    await page.goto(link);
    await page.goto(new URL('/console/cases/hardened', link).href);

    await page.getByText(/^You can read only: IAM permits .+user\/bob no operator action here/).waitFor();
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
    await context.close();
    await server.close();
  }, 180_000);
}
