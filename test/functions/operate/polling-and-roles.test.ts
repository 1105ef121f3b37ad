import { audit } from '../../../shared/api/operator-actions';
import { DamagedItemError, IndexNotBuiltError } from '../../../shared/errors';
import { aPlaybook, now } from '../../builders';
import { aContainedCase } from '../../cli/stored-cases';
import { anOperator, aRequest, ofThing, signedInAs, userArn } from './operator';

const { record: contained } = aContainedCase();
const thing = ofThing('mything1');

describe('an answer that is polled', () => {
  it('has a tag, and no body for a client that has it already', async () => {
    const { handle } = anOperator([contained]);
    const get = (tag?: string) =>
      handle(aRequest('GET /cases/{thing}', { ...thing, headers: tag ? { 'if-none-match': tag } : {} }));

    const first = await get();
    const etag = String(first.headers?.etag);
    const again = await get(`W/"other", ${etag}`);
    const changed = await get('"other"');

    expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect(again).toEqual({ statusCode: 304, headers: expect.objectContaining({ etag }) });
    expect([changed.statusCode, changed.body]).toEqual([200, first.body]);
  });

  it.each([
    ['GET /audit', {}],
    ['GET /things/{thing}/metrics/{metric}', { pathParameters: { thing: 'mything1', metric: 'm' } }],
  ])('is the same for %s while only the time of the request changes', async (route, more) => {
    let at = now;
    const { handle } = anOperator([contained], { clock: () => at });
    const first = await handle(aRequest(route, more));
    at += 10_000;
    const etag = String(first.headers?.etag);

    const again = await handle(aRequest(route, { ...more, headers: { 'if-none-match': etag } }));

    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    expect(first).not.toHaveProperty('sameAs');
    expect([first.statusCode, again.statusCode, again.body]).toEqual([200, 304, undefined]);
  });

  it('is never a problem, nor the answer to a command', async () => {
    const { handle } = anOperator([contained]);

    expect((await handle(aRequest('GET /cases/{thing}', ofThing('nobody')))).headers).not.toHaveProperty(
      'etag',
    );
    expect((await handle(aRequest('POST /things/{thing}/release', thing))).headers).not.toHaveProperty(
      'etag',
    );
  });
});

describe('the roles of a caller with a token', () => {
  const rule = { groupRule: { claim: 'groups', group: 'soc', viewers: 'soc-viewers' } };
  const as = (groups: string) => ({ ...thing, ...signedInAs({ sub: 'ada', groups }) });
  const status = async (route: string, groups: string) =>
    (await anOperator([contained], rule).ask(route, as(groups))).status;

  it.each([
    ['[soc]', 200, 202],
    ['[soc-viewers]', 200, 403],
    ['[others]', 403, 403],
    ['', 403, 403],
  ])('%s', async (groups, read, acted) => {
    expect(await status('GET /cases/{thing}', groups)).toBe(read);
    expect(await status('GET /audit', groups)).toBe(read);
    expect(await status('POST /things/{thing}/release', groups)).toBe(acted);
  });

  it('are named if one is missing', async () => {
    const { ask, sent } = anOperator([contained], rule);

    expect((await ask('POST /bulk/release', as('[soc-viewers]'))).value.detail).toBe(
      'only members of soc may do this',
    );
    expect((await ask('GET /fleet', as('[others]'))).value.detail).toBe(
      'only members of soc-viewers and soc may read this',
    );
    expect(sent).toEqual([]);
  });
});

describe('who the caller is', () => {
  it.each([
    ['[soc]', ['viewer', 'operator']],
    ['[soc-viewers]', ['viewer']],
  ])('is answered for the groups %s', async (groups, roles) => {
    const rule = { groupRule: { claim: 'groups', group: 'soc', viewers: 'soc-viewers' } };
    const { value } = await anOperator([], rule).ask('GET /me', signedInAs({ sub: 'ada', groups }));

    expect(value).toEqual({
      ...{ actor: 'ada', isProven: true, decidedBy: 'groups', operators: 'soc' },
      ...{ roles, additions: expect.any(Array) },
    });
  });

  it('is answered for a signed request, whose rights IAM decides: a role proves no person', async () => {
    expect((await anOperator().ask('GET /me')).value).toEqual({
      ...{ actor: userArn, isProven: false, decidedBy: 'iam', roles: ['viewer', 'operator'] },
      additions: expect.any(Array),
    });
  });

  it('comes with the actions that can be added to a containment: those that respond has the rights for', async () => {
    const playbooks = [aPlaybook({ actions: ['job'] })];
    const namesOf = async (over: object) => {
      const { value } = await anOperator([], over).ask('GET /me');
      return (value as { additions: { action: string }[] }).additions;
    };

    const always = ['quarantine', 'disconnect', 'deny-certificate', 'deactivate-certificate'];
    expect((await namesOf({ playbooks: [] })).map(({ action }) => action)).toEqual(always);
    expect((await namesOf({ playbooks })).map(({ action }) => action)).toEqual([...always, 'job']);
    expect(await namesOf({ playbooks })).toContainEqual({
      action: 'job',
      does: 'sends the device a job, on the jobs topics that stay open',
    });
  });
});

describe('an act that is only tried', () => {
  const body = JSON.stringify({ dryRun: true, comment: 'what if' });

  it('returns the effect of the act, and sends nothing', async () => {
    const { ask, sent } = anOperator([contained]);

    expect(await ask('POST /things/{thing}/release', { ...thing, body })).toMatchObject({
      status: 200,
      value: {
        ...{ command: 'release', thingName: 'mything1', actor: userArn, dryRun: true },
        warning: expect.stringContaining('in alarm'),
      },
    });
    expect((await ask('POST /things/{thing}/approve', { ...thing, body })).status).toBe(409);
    expect(sent).toEqual([]);
  });
});

describe('the audit', () => {
  const acts = [
    {
      ...{ at: now, actor: '=cmd|calc', thingName: 'a', caseId: 'c', what: 'comment' },
      detail: 'say "no"\r\n+1',
    },
  ];
  const page = async () => ({ from: now - 5, to: now, acts, next: 'on' });

  it('is JSON', async () => {
    const { value } = await anOperator([], { audit: { page } }).ask('GET /audit');

    expect(audit.parse(value)).toEqual(value);
  });

  it('is a CSV that no spreadsheet takes for formulas', async () => {
    const { handle } = anOperator([], { audit: { page } });
    const { headers, body } = await handle(
      aRequest('GET /audit', { queryStringParameters: { format: 'csv' } }),
    );

    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^text\/csv/),
      'x-cordon-next': 'on',
    });
    expect(body).toBe(
      `"at","actor","thing","case","what","detail"\r\n"${new Date(now).toISOString()}","'=cmd|calc","a","c","comment","say ""no""\r\n+1"\r\n`,
    );
  });

  it.each([
    ['000000000000/us-east-1/mything1', 'mything1'],
    ['111122223333/us-east-1/mything1', '111122223333/us-east-1/mything1'],
  ])('of %s is that of %s', async (thing, thingName) => {
    const asked: unknown[] = [];
    const of = async (query: { readonly thingName?: string | undefined }) => {
      asked.push(query.thingName);
      return page();
    };
    await anOperator([], { audit: { page: of } }).ask('GET /audit', { queryStringParameters: { thing } });

    expect(asked).toEqual([thingName]);
  });

  it('is not there yet while DynamoDB builds its index after an upgrade, and says when to ask again', async () => {
    const page = () => Promise.reject(new IndexNotBuiltError('building'));
    const operator = anOperator([], { audit: { page } });

    expect((await operator.handle(aRequest('GET /audit'))).headers).toMatchObject({ 'retry-after': '60' });
    expect(await operator.ask('GET /audit')).toMatchObject({
      status: 503,
      value: { detail: expect.stringContaining('still builds the index of this list') },
    });
    expect(operator.telemetry.lines).toEqual([]);
  });

  it('says which item of the table something else damaged', async () => {
    const page = () => Promise.reject(new DamagedItemError('mything1', new TypeError('no ledger')));

    expect(await anOperator([], { audit: { page } }).ask('GET /audit')).toMatchObject({
      status: 500,
      value: { detail: expect.stringContaining('the case of mything1 in the table is damaged (no ledger)') },
    });
  });

  it.each([
    [{ from: '9', to: '5' }, 'from'],
    [{ thing: '../a' }, 'thing'],
    [{ actor: '' }, 'actor'],
    [{ format: 'xml' }, 'format'],
  ])('refuses %j', async (queryStringParameters, field) => {
    expect(await anOperator().ask('GET /audit', { queryStringParameters })).toMatchObject({
      status: 400,
      value: { field },
    });
  });
});
