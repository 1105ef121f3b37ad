import { createHmac } from 'node:crypto';
import { AddThingToThingGroupCommand, CreateThingGroupCommand } from '@aws-sdk/client-iot';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SlackMessage } from '../../../local/slack-and-mail/slack-blocks';
import manifest from '../../../package.json' with { type: 'json' };
import { anAlert, aReport } from '../alerts';
import { waitUntil } from '../harness';
import { publishOrCut } from '../mqtt-client';
import { e2e } from './stack';

const apiUrl = () => e2e.stack.deployed.outputs.ApiUrl ?? '';

/** A request as any client of AWS sends it: signed for execute-api. */
async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; value: unknown }> {
  const { host, hostname, port } = new URL(apiUrl());
  const signer = new SignatureV4({
    service: 'execute-api',
    region: e2e.stack.identity.region,
    credentials: e2e.stack.aws.gateway.operatorCredentials,
    sha256: Sha256,
  });
  const text = body === undefined ? undefined : JSON.stringify(body);
  const { headers } = await signer.sign({
    method,
    protocol: 'http:',
    hostname,
    port: Number(port),
    path,
    headers: { host, ...(text && { 'content-type': 'application/json' }) },
    body: text,
  });
  const answer = await fetch(`${apiUrl()}${path}`, { method, headers, ...(text && { body: text }) });
  return { status: answer.status, value: await answer.json() };
}

/** The newest text of a case's message in Slack. */
function findMessage(thingName: string, status: string): Promise<SlackMessage> {
  return waitUntil(
    () => `a message of ${thingName} in ${status}`,
    () =>
      e2e.stack.aws.slack
        .messages()
        .find(
          ({ text, threadTs }) =>
            threadTs === undefined && text.includes(` ${thingName}: `) && text.includes(`: ${status}: `),
        ),
  );
}

interface Form {
  readonly method: string;
  readonly action: string;
  readonly fields: URLSearchParams;
  readonly label: string;
}

/** The forms of a page, found by pattern: the pages of the local stack are simple enough for that. */
function readForms(html: string): Form[] {
  return [
    ...html.matchAll(/<form method="(\w+)" action="([^"]+)">(.*?)<button>(.*?)<\/button><\/form>/g),
  ].map(([, method = '', action = '', inputs = '', label = '']) => ({
    method,
    action,
    label,
    fields: new URLSearchParams(
      Object.fromEntries(
        [...inputs.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
      ),
    ),
  }));
}

/** Sends a form as a browser does that has scripts off. */
async function submit(form: Form | undefined): Promise<string> {
  if (!form) throw new Error('there is no such form');
  const { url } = e2e.stack.aws.gateway;
  const answer =
    form.method === 'get'
      ? await fetch(`${url}${form.action}?${form.fields}`)
      : await fetch(`${url}${form.action}`, { method: 'POST', headers: { origin: url }, body: form.fields });
  expect(answer.status).toBe(200);
  return answer.text();
}

/** Presses a button of a message on the page, and means it. */
async function press(ts: string, label: string): Promise<string> {
  const page = await (await fetch(`${e2e.stack.aws.gateway.url}/_cordon/`)).text();
  const button = readForms(page).find((form) => form.fields.get('ts') === ts && form.label === label);
  const dialog = await submit(button);
  return submit(readForms(dialog).find((form) => form.method === 'post' && form.label === label));
}

const whispers = () =>
  e2e.stack.aws.slack.messages().flatMap(({ ephemeral, text }) => (ephemeral ? [text] : []));

/** Sends what Slack sends when a user presses a button in a message of an earlier case. */
async function sendOldButton({ thing, caseId }: { thing: string; caseId: string }): Promise<void> {
  const [message] = e2e.stack.aws.slack.messages();
  const payload = JSON.stringify({
    type: 'block_actions',
    user: { id: 'U0LOCAL', username: 'ada' },
    response_url: `${e2e.stack.aws.gateway.url}/_slack/response/${message?.ts}`,
    actions: [{ action_id: 'release', value: JSON.stringify({ thing, caseId }) }],
  });
  const body = new URLSearchParams({ payload }).toString();
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const secret = 'local-stack-signing-secret';
  const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  const answer = await fetch(`${apiUrl()}/slack/interactions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${hmac}`,
    },
    body,
  });
  expect([answer.status, await answer.text()]).toEqual([200, '']);
}

/** The HTTP API, and the buttons of messages. */
export function testOperate(): void {
  // First, since its requests also start the function: on a busy machine Slack's three seconds are too short for that.
  describe('the HTTP API', () => {
    it('refuses an unsigned request', async () => {
      for (const path of ['/health', '/cases', '/cases/x'])
        expect((await fetch(`${apiUrl()}${path}`)).status).toBe(403);
      const forged = await fetch(`${apiUrl()}/slack/interactions`, { method: 'POST', body: 'payload={}' });
      expect(forged.status).toBe(401);
      expect((await fetch(`${apiUrl()}/nowhere`)).status).toBe(404);
    });

    it('returns the values of a metric that a device reported', async () => {
      const device = await e2e.enroll('charted');
      const client = await e2e.connect(device);
      await publishOrCut(client, 'cordon/things/charted/reports/json', JSON.stringify(aReport(0)));

      const page = await waitUntil(
        () => 'the datapoint',
        async () => {
          const { value } = await call('GET', '/things/charted/metrics/num_child_procs_myapp');
          return (value as { datapoints: unknown[] }).datapoints.length > 0 && value;
        },
      );

      expect(page).toMatchObject({ thingName: 'charted', datapoints: [{ value: { number: 0 } }] });
    });

    it('says why a command was refused, and accepts it with force', async () => {
      await e2e.enroll('ventilator');
      // A group above the thing's own protects it as well.
      const parentGroupName = 'life-support';
      await e2e.iot.send(new CreateThingGroupCommand({ thingGroupName: parentGroupName }));
      await e2e.iot.send(new CreateThingGroupCommand({ thingGroupName: 'ventilators', parentGroupName }));
      const membership = { thingGroupName: 'ventilators', thingName: 'ventilator' };
      await e2e.iot.send(new AddThingToThingGroupCommand(membership));

      const { status, value } = await call('POST', '/things/ventilator/contain');
      const { commandId } = value as { commandId: string };
      const refusal = await waitUntil(
        () => 'the refusal',
        async () => {
          const read = await call('GET', `/things/ventilator/refusals/${commandId}`);
          return read.status === 200 && read.value;
        },
      );

      expect(status).toBe(202);
      expect(refusal).toMatchObject({ reason: expect.stringContaining('exempt: thing group life-support') });
      await call('POST', '/things/ventilator/contain', { force: true, comment: 'confirmed by the ward' });
      await e2e.waitForCase('ventilator', 'contained');
    }, 180_000);

    it('contains and releases a thing with an unusual name in the name of the caller’s ARN', async () => {
      await e2e.enroll('line:7_a');
      const path = '/things/line%3A7_a';
      expect(await call('GET', '/health')).toMatchObject({
        status: 200,
        value: { status: 'ok', version: manifest.version },
      });

      const sent = await call('POST', `${path}/contain`, { comment: 'seen <script>' });
      await e2e.waitForCase('line:7_a', 'contained');

      expect(sent).toMatchObject({
        status: 202,
        value: {
          command: 'contain',
          thingName: 'line:7_a',
          actor: expect.stringMatching(/user\/local-operator$/),
        },
      });
      expect(await call('POST', `${path}/contain`)).toMatchObject({
        status: 409,
        value: { detail: 'line:7_a is already held (contained)' },
      });
      expect(await call('GET', '/cases/line%3A7_a')).toMatchObject({
        status: 200,
        value: {
          status: 'contained',
          acts: ['release', 'harden', 'comment', 'assign'],
          restores: [{ action: 'quarantine', object: 'thing group' }],
          facts: { kind: 'known' },
          ledger: [{ action: 'disconnect' }, { action: 'quarantine' }],
        },
      });
      expect(await call('GET', '/cases?status=contained')).toMatchObject({
        status: 200,
        value: {
          cases: expect.arrayContaining([expect.objectContaining({ thingName: 'line:7_a' })]),
        },
      });
      const path7 = '/things/line%3A7_a';
      expect(await call('POST', `${path7}/comment`, { comment: 'a shell of the vendor' })).toMatchObject({
        status: 202,
      });
      const things = ['line:7_a'];
      expect(
        await call('POST', '/bulk/assign', { things, expect: 1, key: 'shift-2026', assignee: 'bob' }),
      ).toMatchObject({ status: 202, value: { sent: 1 } });
      await waitUntil(
        () => 'bob on the case',
        async () => (await e2e.loadCase('line:7_a'))?.assignee === 'bob' || undefined,
      );
      expect(await call('GET', '/cases?actor=bob&limit=1')).toMatchObject({
        status: 200,
        value: { cases: [{ thingName: 'line:7_a', assignee: 'bob' }] },
      });
      expect(await call('GET', '/summary')).toMatchObject({
        status: 200,
        value: { counts: { contained: expect.any(Number) }, isComplete: true },
      });
      expect(await call('GET', '/fleet')).toMatchObject({
        status: 200,
        value: { silentAgents: { count: 0 } },
      });
      expect(await call('GET', '/agents')).toMatchObject({ status: 200, value: { agents: [] } });
      expect(await call('GET', path7)).toMatchObject({
        status: 200,
        value: { case: { status: 'contained' } },
      });
      expect(await call('GET', '/audit?thing=line%3A7_a')).toMatchObject({
        status: 200,
        value: {
          acts: expect.arrayContaining([
            expect.objectContaining({ what: 'comment', detail: 'a shell of the vendor' }),
            expect.objectContaining({ what: 'assigned to bob' }),
          ]),
        },
      });
      expect(await call('GET', '/openapi.json')).toMatchObject({ status: 200, value: { openapi: '3.1.0' } });

      expect((await call('POST', `${path}/release`)).status).toBe(202);
      const { caseId } = await e2e.waitForCase('line:7_a', 'closed');

      expect(await call('GET', `${path}/closed`)).toMatchObject({
        status: 200,
        value: { cases: [{ caseId, status: 'closed', reason: 'released: everything is as it was before' }] },
      });
    }, 180_000);
  });

  describe('a button in a message', () => {
    it('releases the device when pressed on the page, with Slack’s signature and in the user’s name', async () => {
      const device = await e2e.enroll('pressed');
      await e2e.publishAlert(anAlert('pressed'));
      const { caseId } = await e2e.waitForCase('pressed', 'contained');
      const message = await findMessage('pressed', 'contained');

      // The answer redirects to the page, which shows what Slack would show to the person who pressed the button.
      expect(await press(message.ts, 'Release')).toContain('pressed: release is sent.');
      await e2e.waitForCase('pressed', 'closed');

      expect(await publishOrCut(await e2e.connect(device), 'app/pressed/telemetry', '1')).toBe(
        'acknowledged',
      );
      expect(whispers()).toContain('pressed: release is sent. The thread of the case will show the result.');
      const { value } = await call('GET', '/cases/pressed/timeline');
      expect(JSON.stringify(value)).toContain('"slack:U0LOCAL(local-operator)"');

      // The next case of the thing is not the one that the old message was of.
      await e2e.publishAlert(anAlert('pressed'));
      await e2e.waitForCase('pressed', 'contained');
      const old = { thing: 'pressed', caseId };
      await sendOldButton(old);
      expect((await e2e.loadCase('pressed'))?.status).toBe('contained');
      expect(whispers().at(-1)).toMatch(/^Nothing was done: pressed has another case by now.*is closed\.$/);
    }, 180_000);
  });
}
