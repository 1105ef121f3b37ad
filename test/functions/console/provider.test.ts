import { connectProvider } from '../../../functions/console/provider';

const issuer = 'https://issuer.example/pool';
const good = {
  issuer,
  authorization_endpoint: 'https://login.example/authorize',
  token_endpoint: 'https://login.example/token',
  jwks_uri: 'https://issuer.example/keys',
};

function connect(answers: readonly (unknown | Error)[], of = issuer) {
  const asked: string[] = [];
  const time = { now: 0 };
  const load = connectProvider(of, {
    send: async (url, { method, answerMax }) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(`${method} ${url}`);
      if (answer instanceof Error) throw answer;
      const status = typeof answer === 'number' ? answer : 200;
      return { status, statusText: '', headers: {}, text: JSON.stringify(answer).slice(0, answerMax) };
    },
    clock: () => time.now,
  });
  return { load, asked, time };
}

describe('the configuration of an issuer', () => {
  it('is read once an hour, without what the page has no use for', async () => {
    const { load, asked, time } = connect([good]);
    const { jwks_uri: _, ...needed } = good;

    expect([await load(), await load()]).toEqual([needed, needed]);
    expect(asked).toEqual([`GET ${issuer}/.well-known/openid-configuration`]);
    time.now = 3_600_000;
    await load();
    expect(asked).toHaveLength(2);
  });

  it('is asked for at one slash, if the name of the issuer ends in one', async () => {
    const { load, asked } = connect([{ ...good, issuer: `${issuer}/` }], `${issuer}/`);
    await load();
    expect(asked).toEqual([`GET ${issuer}/.well-known/openid-configuration`]);
  });

  it('holds while the issuer does not answer', async () => {
    const { load, time } = connect([good, new Error('socket hang up')]);
    await load();
    time.now = 7_200_000;
    expect(await load()).toMatchObject({ issuer });
  });

  it.each([
    ['is of another issuer', { ...good, issuer: 'https://evil.example' }, /configuration of https:\/\/evil/],
    ['lacks the token endpoint', { ...good, token_endpoint: undefined }, /token_endpoint/],
    ['names HTTP', { ...good, token_endpoint: 'http://login.example/token' }, /expected https/],
    ['names a script', { ...good, authorization_endpoint: 'javascript:alert(1)' }, /expected https/],
    ['signs out by a script', { ...good, end_session_endpoint: 'data:text/html,x' }, /expected https/],
    ['names no address', { ...good, token_endpoint: 'token' }, /Invalid URL/],
    ['is not found', 404, /answers 404/],
    ['redirects', 302, /answers 302/],
    ['is longer than any', { ...good, more: 'x'.repeat(200_000) }, /JSON/],
    ['is not there', new Error('socket hang up'), /socket hang up/],
  ])('is refused if it %s', async (_, answer, message) => {
    await expect(connect([answer]).load()).rejects.toThrow(message);
  });
});
