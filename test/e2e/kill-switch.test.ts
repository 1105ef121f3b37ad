import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { killSwitchTrustMs } from '../../shared/aws/kill-switch';
import { thingKey } from '../../shared/domain/thing-ref';
import { anAlert } from './alerts';
import { type Cli, openCli } from './cli-process';
import { type DocumentedCaller, registerDocumented } from './documented-rights';
import { type EndToEnd, root, startEndToEnd, waitUntil } from './harness';

let e2e: EndToEnd;
let operator: DocumentedCaller;
let cli: Cli;
/** The command with the rights of an operator. */
let reader: Cli;
let ssm: SSMClient;

beforeAll(async () => {
  e2e = await startEndToEnd();
  operator = await registerDocumented(e2e, 'kill-switch');
  cli = await openCli(e2e, await readFile(join(root, 'cordon.yml'), 'utf8'), operator.credentials);
  reader = await openCli(e2e, await readFile(join(root, 'cordon.yml'), 'utf8'));
  const { gateway } = e2e.stack.aws;
  ssm = new SSMClient({
    endpoint: gateway.url,
    region: e2e.stack.identity.region,
    credentials: gateway.operatorCredentials,
  });
}, 120_000);

afterAll(async () => {
  ssm?.destroy();
  await cli?.remove();
  await reader?.remove();
  await e2e?.close();
});

const announcementsOf = (thingName: string) =>
  e2e.stack.aws.mails().filter(({ subject }) => subject.includes(thingName));

/** Functions use the state that they read for five seconds. */
const forget = () => new Promise((resolve) => setTimeout(resolve, killSwitchTrustMs));

it('the kill switch holds back new containments while it is on, is shown everywhere, and lets them continue once it is off', async () => {
  await e2e.enroll('held');
  const turned = await cli.run('kill-switch', 'on', '--reason', 'wrong threshold', '--actor', 'ada');
  expect(turned).toMatchObject({ code: 0, err: '' });
  await forget();

  await e2e.publishAlert(anAlert('held'));
  const { reason, ledger } = await e2e.waitForCase('held', 'observed');

  expect(reason).toMatch(
    /^the kill switch is on, since \S+Z, by ada \(wrong threshold\): every action is off$/,
  );
  expect(ledger).toEqual([]);
  const [mail] = await waitUntil(
    () => 'an e-mail',
    () => announcementsOf('held').length > 0 && announcementsOf('held'),
  );
  expect(mail?.body).toMatch(
    /^the kill switch is on, since \S+Z, by ada \(wrong threshold\): every action is off$/m,
  );
  expect((await reader.run('list')).out).toMatch(/^The kill switch is on, since \S+Z, by ada \(wrong/);
  expect((await cli.run('kill-switch')).out).toMatch(/\nIt holds back 1 thing: held$/);
  expect((await reader.run('contain', 'idle', '--actor', 'bob')).err).toMatch(
    /^cordon: contain of idle was refused: the kill switch is on, since \S+Z, by ada/,
  );
  expect((await reader.run('history', '--thing', 'idle')).out).toMatch(
    /\n\S+Z +bob +containment refused +idle +the kill switch is on, since \S+Z, by ada/,
  );
  const page = await (await fetch(`${e2e.stack.aws.gateway.url}/_cordon/`)).text();
  expect(page).toContain('wrong threshold');
  await e2e.stack.functions.invoke('cordon-dev-sweep', {});

  expect(await cli.run('kill-switch', 'off', '--actor', 'ada')).toMatchObject({ code: 0, err: '' });
  await forget();
  await e2e.makeDue('held');
  await e2e.command({ type: 'resume', thingName: thingKey('held') });
  await e2e.waitForCase('held', 'contained');
  expect(operator.used()).toEqual(operator.granted);
}, 120_000);

it('an unreadable kill switch leads to a question to people, and a forced command contains', async () => {
  await e2e.enroll('asked');
  const Name = '/cordon-dev/kill-switch';
  await ssm.send(new PutParameterCommand({ Name, Value: 'of', Type: 'String', Overwrite: true }));
  await forget();

  await e2e.publishAlert(anAlert('asked'));
  const { reason, ledger } = await e2e.waitForCase('asked', 'awaiting-approval');
  expect([reason, ledger]).toEqual([
    "the kill switch can't be read (its value is neither on nor off: of), so it may be on",
    [],
  ]);

  const approve = { type: 'approve', thingName: thingKey('asked'), actor: 'ada' } as const;
  await e2e.command({ ...approve, force: true });
  await e2e.waitForCase('asked', 'contained');
}, 180_000);
