import { createHmac } from 'node:crypto';
import { isFromSlack } from '../../../../../functions/notify/channels/slack/signature';
import type { Case } from '../../../../../shared/domain/case/case';
import { aConfiguration, changeCase, flushed, now } from '../../../../builders';
import { aContainedCase, aReleasedCase } from '../../../../cli/stored-cases';
import { anOperator, signingSecret } from '../../../operate/operator';

const contained = flushed(aContainedCase().record);
const waiting = changeCase(contained, { status: 'awaiting-approval', ledger: [] });
const seconds = Math.floor(now / 1_000);
const responseUrl = 'https://hooks.slack.com/actions/T1/2/abc';

function aPress(over: Record<string, unknown> = {}, action: Record<string, unknown> = {}) {
  return {
    type: 'block_actions',
    user: { id: 'U024BE7LH', username: 'ada', name: 'ada', team_id: 'T1' },
    response_url: responseUrl,
    actions: [
      {
        type: 'button',
        action_id: 'release',
        value: JSON.stringify({ thing: 'mything1', caseId: 'case-1' }),
        ...action,
      },
    ],
    ...over,
  };
}

interface Signing {
  readonly secret?: string;
  readonly timestamp?: string;
  readonly signature?: string;
}

function sign(
  body: string,
  { secret = signingSecret, timestamp = String(seconds), signature }: Signing = {},
) {
  const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature ?? `v0=${hmac}` };
}

/** A form as the HTTP API passes it on: in base64. */
function posted(body: string, headers: Record<string, string> = sign(body)) {
  return {
    headers,
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
    requestContext: undefined as never,
  };
}

const form = (payload: unknown) => new URLSearchParams({ payload: JSON.stringify(payload) }).toString();

const route = 'POST /slack/interactions';

function setUp(record: Case = contained) {
  const operator = anOperator([record]);
  return {
    ...operator,
    post: (body: string, headers?: Record<string, string>) => operator.ask(route, posted(body, headers)),
  };
}

describe('a pressed button, if guards.fourEyes is on', () => {
  const guards = { ...aConfiguration().guards, fourEyes: true };
  const request = {
    action: 'harden' as const,
    ...{ actor: 'slack:U1(ada)', person: 'slack:U1', at: now, expires: now + 60_000 },
    actions: ['deny-certificate' as const],
  };
  const asked = changeCase(contained, { request });
  const value = JSON.stringify({ thing: 'mything1', caseId: 'case-1', actions: request.actions });
  const press = async (id: string, slackOperators: readonly string[] | undefined, record = asked) => {
    const { ask, sent, said } = anOperator([record], { guards, slackOperators });
    await ask(route, posted(form(aPress({ user: { id, username: 'ada' } }, { action_id: 'harden', value }))));
    return { commands: sent.map(({ command }) => command), said: said.map(({ text }) => text) };
  };

  it('confirms what another operator asked for', async () => {
    const { commands } = await press('U2', ['U1', 'U2']);

    expect(commands).toMatchObject([{ type: 'harden', person: 'slack:U2', actions: request.actions }]);
  });

  it('is refused to the person who asked, with the reason', async () => {
    const { commands, said } = await press('U1', ['U1', 'U2']);

    expect(commands).toEqual([]);
    expect(said).toEqual([expect.stringContaining('you asked for it')]);
  });

  it('answers the first person that the order waits', async () => {
    const { commands, said } = await press('U1', ['U1', 'U2'], contained);

    expect(commands).toHaveLength(1);
    expect(said).toEqual(['mything1: harden waits for a second person, who presses the same.']);
  });

  it('counts for nobody if cordon.yml names no operators, as members may invite a second account', async () => {
    const { commands, said } = await press('U2', undefined);

    expect(commands).toEqual([]);
    expect(said).toEqual([expect.stringContaining('does not prove who you are')]);
  });
});

describe('a pressed button reported by Slack', () => {
  it('sends the command in the name of the person, for the case of its message', async () => {
    const { post, sent, said } = setUp();

    expect(await post(form(aPress()))).toEqual({ status: 200, type: 'text/plain', value: '' });

    expect(sent.map(({ command }) => command)).toEqual([
      { type: 'release', thingName: 'mything1', actor: 'slack:U024BE7LH(ada)', caseId: 'case-1' },
    ]);
    expect(said).toEqual([
      {
        url: responseUrl,
        text: 'mything1: release is sent. The thread of the case will show the result.',
      },
    ]);
  });

  it.each(['approve', 'reject'])('sends %s while the case waits for it', async (action_id) => {
    const { post, sent } = setUp(waiting);

    await post(form(aPress({}, { action_id })));

    expect(sent[0]?.command.type).toBe(action_id);
  });

  it('counts only from the configured operators, if some are configured', async () => {
    const { ask, sent, said } = anOperator([contained], { slackOperators: ['U1', 'U2'] });
    const pressBy = (id: string) => ask(route, posted(form(aPress({ user: { id, username: 'U1' } }))));

    expect((await pressBy('U3')).status).toBe(200);
    expect(sent).toEqual([]);
    expect(said.map(({ text }) => text)).toEqual([
      'Nothing was done: only the operators that cordon.yml names may release.',
    ]);
    await pressBy('U2');
    expect(sent[0]?.command).toMatchObject({ actor: 'slack:U2(U1)' });
  });

  it('counts once if Slack repeats the request', async () => {
    const { post, waiting: queued } = setUp();

    await post(form(aPress()));
    await post(form(aPress()));

    expect(queued).toHaveLength(1);
  });

  it.each([
    [
      'of another case',
      contained,
      { caseId: 'case-0', thing: 'mything1' },
      'has another case by now, or none: case case-0 is closed',
    ],
    [
      'of a closed case',
      aReleasedCase().record,
      { caseId: 'case-1', thing: 'mything1' },
      'has another case by now, or none: case case-1 is closed',
    ],
    [
      'of a thing without a case',
      contained,
      { caseId: 'case-1', thing: 'nobody' },
      'has another case by now, or none: case case-1 is closed',
    ],
    ['of what is done already', waiting, { caseId: 'case-1', thing: 'mything1' }, 'is not contained'],
  ])('does nothing %s, and says so', async (_, record, value, text) => {
    const { post, sent, said } = setUp(record);

    expect((await post(form(aPress({}, { value: JSON.stringify(value) })))).status).toBe(200);

    expect(sent).toEqual([]);
    expect(said).toEqual([{ url: responseUrl, text: `Nothing was done: ${value.thing} ${text}.` }]);
  });

  it.each([
    [{ id: 'U1', username: 'a)b(slack:U2' }, 'slack:U1'.concat('(abslackU2)')],
    [{ id: 'U1', username: 'Zoë 王 \u202e\u0000*_x' }, 'slack:U1(Zoë 王 _x)'],
    [{ id: 'U1', username: 'x'.repeat(300) }, `slack:U1(${'x'.repeat(80)})`],
    [{ id: 'U1', username: '<!channel>', name: 'y' }, 'slack:U1(channel)'],
    [{ id: 'W1' }, 'slack:W1'],
  ])('attributes the command to the user %j under a name that can forge no other', async (user, actor) => {
    const { post, sent } = setUp();

    await post(form(aPress({ user })));

    expect(sent[0]?.command).toMatchObject({ actor });
  });

  it.each([
    ['another kind of interaction', aPress({ type: 'view_submission' })],
    ['an act that is none', aPress({}, { action_id: 'delete' })],
    ['a link', aPress({}, { action_id: 'release', value: undefined })],
    ['an id that is none', aPress({ user: { id: 'u1)' } })],
    ['two actions', aPress({ actions: [...aPress().actions, ...aPress().actions] })],
    ['no actions', aPress({ actions: [] })],
    ['a value that is no JSON', aPress({}, { value: 'mything1' })],
    ['a thing that is none', aPress({}, { value: '{"thing":"a b","caseId":"case-1"}' })],
    ['no case', aPress({}, { value: '{"thing":"mything1"}' })],
    ['null', null],
  ])('is accepted without effect: %s', async (_, payload) => {
    const { post, sent, telemetry } = setUp();

    expect((await post(form(payload))).status).toBe(200);

    expect(sent).toEqual([]);
    expect(telemetry.lines).toMatchObject([{ level: 'warn' }]);
  });

  it.each(['', 'payload=', 'payload=%', 'x=1', '{"type":"block_actions"}'])(
    'is rejected if the body is %j',
    async (body) => {
      const { post, sent } = setUp();

      expect([(await post(body)).status, sent]).toEqual([200, []]);
    },
  );
});

describe('a request that Slack did not sign', () => {
  const body = form(aPress());
  const good = sign(body);

  it.each([
    ['no signature', { 'x-slack-request-timestamp': good['x-slack-request-timestamp'] }],
    ['no timestamp', { 'x-slack-signature': good['x-slack-signature'] }],
    ['another secret', sign(body, { secret: 'other' })],
    ['another body', sign(`${body}&x=1`)],
    ['an older version', sign(body, { signature: good['x-slack-signature'].replace('v0', 'v1') })],
    ['a signature cut short', sign(body, { signature: good['x-slack-signature'].slice(0, -1) })],
    ['a longer signature', sign(body, { signature: `${good['x-slack-signature']}0` })],
    ['an empty signature', sign(body, { signature: '' })],
    ['a signature of other letters', sign(body, { signature: `v0=${'ä'.repeat(32)}` })],
    ['a replay', sign(body, { timestamp: String(seconds - 301) })],
    ['the future', sign(body, { timestamp: String(seconds + 301) })],
    ['a time that is none', sign(body, { timestamp: `${seconds}.0` })],
    ['a negative time', sign(body, { timestamp: `-${seconds}` })],
    ['no number', sign(body, { timestamp: 'NaN' })],
    ['an old time over a signature of now', { ...good, 'x-slack-request-timestamp': String(seconds - 1) }],
  ])('is refused: %s', async (_, headers) => {
    const { post, sent, said } = setUp();

    expect(await post(body, headers)).toMatchObject({ status: 401, type: 'application/problem+json' });
    expect([sent, said]).toEqual([[], []]);
  });

  it('is refused while no secret is stored, since no signature can be verified', async () => {
    const { ask, sent } = anOperator([contained], { signingSecret: async () => undefined });

    expect((await ask(route, posted(body))).status).toBe(503);
    expect((await ask(route, posted(body, sign(body, { secret: 'undefined' })))).status).toBe(503);
    expect(sent).toEqual([]);
  });

  it('is refused without hashing if it is too long', async () => {
    const { post } = setUp();
    const long = `payload=${'x'.repeat(1_000_000)}`;

    expect((await post(long)).status).toBe(413);
  });
});

describe("Slack's signature", () => {
  /** The example of Slack's guide, "Verifying requests from Slack". */
  const example =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const request = {
    body: Buffer.from(example),
    timestamp: '1531420618',
    signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };

  it.each([
    [0, true],
    [300, true],
    [301, false],
    [-300, true],
    [-301, false],
  ])('matches the example of the guide, and stays valid for %i s', (after, leases) => {
    expect(isFromSlack(request, signingSecret, (1_531_420_618 + after) * 1_000)).toBe(leases);
  });
});
