import type { Case } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { changeCase, flushed } from '../../builders';
import { aContainedCase, aReleasedCase } from '../../cli/stored-cases';
import { anOperator, ofThing, signedInAs, userArn } from './operator';

const { record: contained } = aContainedCase();
const released = aReleasedCase().record;
const observed: Case = { ...flushed(contained), status: 'observed', ledger: [] };
const waiting = changeCase(observed, { status: 'awaiting-approval' });
const thing = ofThing('mything1');

describe('an operator’s command', () => {
  it.each([
    ['contain', observed],
    ['approve', waiting],
    ['reject', waiting],
    ['release', contained],
    ['dismiss', observed],
  ] as const)('reaches the mailbox under the caller’s ARN: %s', async (act, record) => {
    const { ask, sent, telemetry } = anOperator([record]);

    const answer = await ask(`POST /things/{thing}/${act}`, {
      ...thing,
      body: JSON.stringify({ comment: 'seen "it"\n', caseId: 'case-1' }),
    });

    const [{ id } = { id: '' }] = sent;
    expect(answer).toEqual({
      status: 202,
      type: 'application/json',
      value: {
        command: act,
        thingName: 'mything1',
        actor: userArn,
        commandId: id,
        ...(act === 'release' && {
          warning: 'still in alarm, so it may be contained again: myapp-processes/no-child-processes',
        }),
      },
    });
    expect(sent).toEqual([
      {
        command: {
          type: act,
          thingName: 'mything1',
          actor: userArn,
          comment: 'seen "it"\n',
          caseId: 'case-1',
          requestId: id,
        },
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ]);
    expect(telemetry.counts).toEqual({ CommandSent: 1 });
  });

  it.each(['contain', 'approve'] as const)('can be forced: %s', async (act) => {
    const { ask, sent } = anOperator([waiting]);

    await ask(`POST /things/{thing}/${act}`, { ...thing, body: '{"force":true}' });
    const refused = await ask(`POST /things/{thing}/${act}`, { ...thing, body: '{"force":"yes"}' });

    expect(refused).toMatchObject({ status: 400, value: { field: 'force' } });
    expect(sent.map(({ command }) => command)).toMatchObject([{ type: act, force: true }]);
  });

  it('that respond refused gets the reason, under its thing and id', async () => {
    const { ask, refusals } = anOperator([contained]);
    const commandId = '92648d77-0a11-4c28-b739-1d80793eea86';
    const reasonCode = { code: 'already-held', status: 'contained' } as const;
    refusals.set(`mything1#${commandId}`, reasonCode);
    const read = (name: string, id: string) =>
      ask('GET /things/{thing}/refusals/{commandId}', { pathParameters: { thing: name, commandId: id } });

    expect(await read('mything1', commandId)).toMatchObject({
      status: 200,
      value: {
        thingName: 'mything1',
        commandId,
        reason: 'the thing is already held (contained)',
        reasonCode,
      },
    });
    expect((await read('other', commandId)).status).toBe(404);
    expect((await read('mything1', commandId.replace('9', '8'))).status).toBe(404);
    expect(await read('mything1', 'x#CASE')).toMatchObject({ status: 400, value: { field: 'commandId' } });
  });

  it('needs no body, and accepts one in base64', async () => {
    const { ask, sent } = anOperator([contained]);

    await ask('POST /things/{thing}/release', thing);
    const body = Buffer.from('{"comment":"ä"}').toString('base64');
    await ask('POST /things/{thing}/release', { ...thing, body, isBase64Encoded: true });

    const commands = sent.map(({ command }) => command);
    expect(commands).toMatchObject([{ type: 'release' }, { type: 'release', comment: 'ä' }]);
    expect(commands[0]).not.toHaveProperty('comment');
  });

  it.each([
    ['contain', contained, 'mything1 is already held (contained)'],
    ['approve', contained, 'mything1 has nothing that awaits approval'],
    ['reject', observed, 'mything1 has nothing that awaits approval'],
    ['release', observed, 'mything1 is not contained'],
    ['dismiss', contained, 'mything1 is held (contained): release it first'],
    ['dismiss', released, 'mything1 has no open case'],
  ] as const)('that is invalid is refused at once: %s', async (act, record, detail) => {
    const { ask, sent } = anOperator([record]);

    expect(await ask(`POST /things/{thing}/${act}`, thing)).toMatchObject({ status: 409, value: { detail } });
    expect(sent).toEqual([]);
  });

  it('for a closed case does nothing in the next one', async () => {
    const { ask, sent } = anOperator([contained]);

    const answer = await ask('POST /things/{thing}/release', { ...thing, body: '{"caseId":"case-0"}' });

    expect(answer).toMatchObject({
      status: 409,
      value: { detail: expect.stringContaining('case-0 is closed') },
    });
    expect(sent).toEqual([]);
  });

  it.each([
    ['{', 'body', 400],
    ['null', 'body', 400],
    ['[]', 'body', 400],
    ['"x"', 'body', 400],
    ['{"comment":7}', 'comment', 400],
    [JSON.stringify({ comment: 'x'.repeat(1_001) }), 'comment', 400],
    [JSON.stringify({ comment: '\uFFFF' }), 'comment', 400],
    ['{"caseId":"a b"}', 'caseId', 400],
    ['{"actor":"root"}', 'actor', 400],
    ['{"thingName":"other"}', 'thingName', 400],
    ['{"type":"release"}', 'type', 400],
    ['{"force":1}', 'force', 400],
    ['{"__proto__":{"actor":"root"}}', '__proto__', 400],
    [JSON.stringify({ comment: 'x'.repeat(20_000) }), 'body', 413],
  ])('with the body %.40s is refused, naming the field', async (body, field, status) => {
    const { ask, sent } = anOperator([contained]);

    const answer = await ask('POST /things/{thing}/release', { ...thing, body });

    expect(answer).toMatchObject({ status, value: { status, field } });
    expect(sent).toEqual([]);
  });

  it.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/json ;charset=utf-8',
    undefined,
  ])('is accepted with a body of the content-type %s', async (type) => {
    const { ask } = anOperator([contained]);
    const request = { ...thing, body: '{}', headers: type === undefined ? {} : { 'content-type': type } };

    expect((await ask('POST /things/{thing}/release', request)).status).toBe(202);
  });

  it.each([
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'text/application/json',
  ])('is refused with a body of the content-type "%s", which says what to send', async (type) => {
    const { ask, sent } = anOperator([contained, { ...contained, thingName: thingKey('other') }]);
    const headers = { 'content-type': type };
    const bulk = JSON.stringify({ things: ['other'], expect: 1, key: 'a-key' });

    for (const answer of [
      await ask('POST /things/{thing}/release', { ...thing, headers, body: '{}' }),
      await ask('POST /bulk/release', { headers, body: bulk }),
    ])
      expect(answer).toMatchObject({
        status: 415,
        value: {
          detail: 'send the body as JSON, with the header content-type: application/json',
          field: 'content-type',
        },
      });
    expect(sent).toEqual([]);
    expect((await ask('POST /things/{thing}/release', { ...thing, headers })).status).toBe(202);
  });

  it.each([
    [{ email: 'ada@example.com', sub: 's-1', groups: '[dev cordon-operators]' }, 'ada@example.com'],
    [{ email: 'ada@example.com', email_verified: 'true', groups: 'cordon-operators' }, 'ada@example.com'],
    [{ email: 'root@example.com', email_verified: 'false', sub: 's-1', groups: '[cordon-operators]' }, 's-1'],
    [{ sub: 's-1', groups: ['cordon-operators'] }, 's-1'],
  ])('is accepted with the claims %j', async (claims, actor) => {
    const { ask, sent } = anOperator([contained]);

    const { status } = await ask('POST /things/{thing}/release', { ...thing, ...signedInAs(claims) });

    expect([status, sent[0]?.command]).toEqual([202, expect.objectContaining({ actor })]);
  });

  it.each([
    [{ sub: 's-1' }, 403],
    [{ sub: 's-1', groups: '[cordon-operators-not x]' }, 403],
    [{ sub: 's-1', groups: 'dev cordon-operators' }, 403],
    [{ sub: 's-1', groups: '' }, 403],
    [{ sub: 's-1', 'cognito:groups': '[cordon-operators]' }, 403],
    [{ sub: 's-1', groups: { 'cordon-operators': true } }, 403],
    [{ groups: '[cordon-operators]' }, 401],
    [{ sub: '', email: '', groups: '[cordon-operators]' }, 401],
  ])('is refused with the claims %j', async (claims, status) => {
    const { ask, sent } = anOperator([contained]);

    expect((await ask('POST /things/{thing}/release', { ...thing, ...signedInAs(claims) })).status).toBe(
      status,
    );
    expect(sent).toEqual([]);
  });

  it('is refused without an authorizer, whatever the headers and the body say', async () => {
    const { ask, sent } = anOperator([contained]);
    const { requestContext } = signedInAs({});

    for (const authorizer of [undefined, {}, { iam: {} }, { jwt: { claims: {} } }]) {
      const answer = await ask('POST /things/{thing}/release', {
        ...thing,
        requestContext: { ...requestContext, authorizer } as never,
        headers: { authorization: `AWS4-HMAC-SHA256 Credential=root`, 'x-amzn-user-arn': userArn },
      });
      expect(answer.status).toBe(401);
    }
    expect(sent).toEqual([]);
  });

  it('of a caller with a very long ARN keeps the end of the ARN, which distinguishes users', async () => {
    const { ask, sent } = anOperator([contained]);
    const { requestContext } = signedInAs({});
    const long = `arn:aws:iam::000000000000:user/${'p/'.repeat(250)}ada`;

    await ask('POST /things/{thing}/release', {
      ...thing,
      requestContext: { ...requestContext, authorizer: { iam: { userArn: long } } } as never,
    });

    const actor = sent.map(({ command }) => ('actor' in command ? command.actor : ''))[0];
    expect([actor?.length, actor?.slice(-5)]).toEqual([256, 'p/ada']);
  });
});
