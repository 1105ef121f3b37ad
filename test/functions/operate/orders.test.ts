import { aConfiguration, changeCase, now, words } from '../../builders';
import { aContainedCase } from '../../cli/stored-cases';
import { anOperator, aRequest, ofThing, userArn } from './operator';

const { record: contained } = aContainedCase();
const { caseId } = contained;
const observed = changeCase(contained, { status: 'observed', ledger: [], reason: words('only observes') });
const thing = ofThing('mything1');

describe('the body of a command', () => {
  it.each([
    ['contain', {}, {}],
    ['comment', { comment: 'a shell of the vendor' }, { comment: 'a shell of the vendor', caseId }],
    ['assign', {}, { caseId }],
    ['assign', { assignee: 'bob' }, { assignee: 'bob', caseId }],
    ['assign', { assignee: null }, { assignee: '', caseId }],
    [
      'harden',
      { actions: ['deactivate-certificate'], force: true },
      { actions: ['deactivate-certificate'], force: true, caseId },
    ],
  ])(
    '%s with %j is sent as the mailbox has it, for the open case if it needs one',
    async (act, body, order) => {
      const { ask, sent } = anOperator([act === 'contain' ? observed : contained]);

      const { status } = await ask(`POST /things/{thing}/${act}`, { ...thing, body: JSON.stringify(body) });

      expect(status).toBe(202);
      expect(sent.map(({ command }) => command)).toEqual([
        { type: act, thingName: 'mything1', actor: userArn, ...order, requestId: expect.any(String) },
      ]);
    },
  );

  it.each([
    ['comment', {}, 'comment'],
    ['comment', { comment: '' }, 'comment'],
    ['comment', { comment: 'x', force: true }, 'force'],
    ['harden', {}, 'actions'],
    ['harden', { actions: [] }, 'actions'],
    ['harden', { actions: ['erase'] }, 'actions.0'],
    ['assign', { assignee: '' }, 'assignee'],
    ['assign', { assignee: 'x'.repeat(257) }, 'assignee'],
    ['release', { assignee: 'bob' }, 'assignee'],
    ['release', { actor: 'bob' }, 'actor'],
  ])('%s with %j is refused, and the field named', async (act, body, field) => {
    const { ask, sent } = anOperator([contained]);

    const answer = await ask(`POST /things/{thing}/${act}`, { ...thing, body: JSON.stringify(body) });

    expect(answer).toMatchObject({ status: 400, value: { field } });
    expect(sent).toEqual([]);
  });
});

describe('an order, if guards.fourEyes is on', () => {
  const guards = { ...aConfiguration().guards, fourEyes: true };
  const by = (authorizer: object) => {
    const { requestContext } = aRequest('GET /');
    return { ...thing, requestContext: { ...requestContext, authorizer } };
  };
  const subject = (sub: string) =>
    by({ jwt: { claims: { sub, email: `${sub}@example.com`, groups: '[cordon-operators]' } } });
  const asked = changeCase(contained, {
    request: {
      ...{ action: 'harden', actor: 'ada@example.com', person: 'oidc:ada', at: now, expires: now + 1_000 },
      actions: ['deactivate-certificate'],
    },
  });
  const harden = { body: JSON.stringify({ actions: ['deactivate-certificate'] }) };

  it.each([
    ['the subject of a token', subject('ada'), 'oidc:ada'],
    [
      'an IAM user',
      by({ iam: { userArn: 'arn:aws:iam::000000000000:user/ada', userId: 'AIDACKCEVSQ6C2EXAMPLE' } }),
      'iam:AIDACKCEVSQ6C2EXAMPLE',
    ],
    [
      'a user of Identity Center',
      by({
        iam: {
          userArn: 'arn:aws:sts::000000000000:assumed-role/AWSReservedSSO_Soc_0123456789abcdef/ada',
          userId: 'AROADBQP57FF2AEXAMPLE:ada',
        },
      }),
      'sso:ada',
    ],
  ])('carries %s as the person, and says that it waits', async (_, caller, person) => {
    const { ask, sent } = anOperator([contained], { guards });

    const answer = await ask('POST /things/{thing}/harden', { ...caller, ...harden });

    expect(answer).toMatchObject({ status: 202, value: { secondPerson: 'asked' } });
    expect(sent[0]?.command).toMatchObject({ person });

    const body = { things: ['mything1'], expect: 1, key: 'key-00000', ...JSON.parse(harden.body) };
    const many = await ask('POST /bulk/harden', { ...caller, body: JSON.stringify(body) });
    expect(many.value.results).toMatchObject([{ result: 'sent', secondPerson: 'asked' }]);
  });

  it.each([
    ['a role, whose callers choose the names of their sessions', thing],
    [
      'a role called like one of Identity Center, in its session',
      by({
        iam: {
          userArn: 'arn:aws:sts::000000000000:assumed-role/soc/AWSReservedSSO_x/ada',
          userId: 'AROAX:ada',
        },
      }),
    ],
  ])('is refused to %s', async (_, caller) => {
    const { ask, sent } = anOperator([contained], { guards });

    const answer = await ask('POST /things/{thing}/harden', { ...caller, ...harden });

    expect(answer).toMatchObject({
      status: 409,
      value: { detail: expect.stringContaining('(second-person)') },
    });
    expect(sent).toEqual([]);
  });

  it('is refused to the person who asked, even under another address, and accepted from another subject', async () => {
    const { ask, sent } = anOperator([asked], { guards });

    const own = await ask('POST /things/{thing}/harden', { ...subject('ada'), ...harden });
    const other = await ask('POST /things/{thing}/harden', { ...subject('bob'), ...harden });
    const bulk = await ask('POST /bulk/harden', {
      ...subject('ada'),
      body: JSON.stringify({ things: ['mything1'], expect: 1, key: 'key-00000', ...JSON.parse(harden.body) }),
    });

    expect(own).toMatchObject({
      status: 409,
      value: { detail: expect.stringContaining('you asked for it') },
    });
    expect(other.value).not.toHaveProperty('secondPerson');
    expect(bulk.value).toMatchObject({ sent: 0, refused: 1 });
    expect(sent).toHaveLength(1);
  });

  it('says in the case who asked for what, and what the caller’s act would be', async () => {
    const { ask } = anOperator([asked], { guards });
    const look = async (sub: string) => {
      const { value } = await ask('GET /cases/{thing}', subject(sub));
      const { possible, request } = value as {
        possible: readonly { readonly action: string; readonly secondPerson?: unknown }[];
        request: unknown;
      };
      return { request, second: possible.find(({ action }) => action === 'harden')?.secondPerson };
    };

    const request = { action: 'harden', actor: 'ada@example.com', at: now, expires: now + 1_000 };
    const actions = ['deactivate-certificate'];
    expect(await look('ada')).toEqual({
      request: { ...request, actions, mine: true },
      second: { state: 'refused', reason: expect.stringContaining('you asked for it') },
    });
    expect(await look('bob')).toEqual({
      request: { ...request, actions, mine: false },
      second: { state: 'confirms' },
    });
  });

  it('uses a key of a bulk request once for each person, so that a confirmation is no repetition', async () => {
    const { ask, sent } = anOperator([contained], { guards });
    const body = JSON.stringify({
      things: ['mything1'],
      expect: 1,
      key: 'key-00000',
      actions: ['deny-certificate'],
    });

    for (const sub of ['ada', 'bob', 'bob']) await ask('POST /bulk/harden', { ...subject(sub), body });

    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  });
});
