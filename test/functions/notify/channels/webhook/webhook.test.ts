// biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of cordon.yml.
import { connectWebhook, type WebhookTarget } from '../../../../../functions/notify/channels/webhook/channel';
import { parseConfiguration } from '../../../../../shared/config/parse';
import type { Announcement } from '../../../../../shared/domain/messages/announcement-schema';
import { minimalConfiguration } from '../../../../builders';
import { anAnnouncement, hostileAnnouncement } from '../../announcements';
import { type Asked, startHttpService } from '../../http-service';
import { showIn } from '../../show-in';
import { connectAt, key, verifySignature } from './stand-in';

type Section = WebhookTarget['section'];

/** A placeholder of a template. */
const field = (name: string) => ['$', `{${name}}`].join('');

const asked: Asked[] = [];
let service: Awaited<ReturnType<typeof startHttpService>>;
let answer: { status: number; body?: string; headers?: Record<string, string> } = { status: 202 };

beforeEach(async () => {
  asked.length = 0;
  answer = { status: 202 };
  service = await startHttpService((request) => {
    asked.push(request);
    return answer;
  });
});

afterEach(() => service.close());

const show = (announcement: Announcement, section: Section = {}, lastSeq = 0) =>
  showIn(connectAt(service.url, section, { authorization: 'GenieKey abc' }), announcement, lastSeq);

describe('the body of a webhook', () => {
  it('is the announcement, signed, with the headers of the secret and the query of its URL', async () => {
    await show(anAnnouncement());

    expect(asked).toHaveLength(1);
    const [request] = asked as [Asked];
    expect(request.path).toBe('/hook?team=ot');
    expect(request.headers.authorization).toBe('GenieKey abc');
    expect(verifySignature(request)).toBe(true);
    expect(JSON.parse(request.body)).toEqual(anAnnouncement());
  });

  it('is signed with each of several keys, so that a receiver can change from one to the next', async () => {
    const next = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const secret = JSON.stringify({ url: `${service.url}hook`, key: [next, key] });
    const trusted = new URL(service.url).origin;

    await showIn(connectWebhook({ secret, section: {}, trusted }), anAnnouncement());

    const [request] = asked as [Asked];
    expect(String(request.headers['webhook-signature']).split(' ')).toHaveLength(2);
    expect(verifySignature(request)).toBe(true);
  });

  it('is the one of cordon.yml, whose fields stay text whatever a device says', async () => {
    const body = {
      summary: field('title'),
      list: [`${field('thing')} is ${field('status')}`],
      fixed: 7,
      odd: field('nope'),
    };

    await show(hostileAnnouncement(`"},{"a":"${field('case')}\u0007`), { body });

    const sent = JSON.parse(asked[0]?.body ?? '');
    const hostile = `"},{"a":"${field('case')}\uFFFD`;
    expect(Object.keys(sent)).toEqual(['summary', 'list', 'fixed', 'odd']);
    expect(sent.list).toEqual([`${hostile} is ${hostile}`]);
    expect(sent).toMatchObject({ fixed: 7, odd: field('nope') });
  });

  it.each([
    [
      `body: { text: "${field('tittle')}" }`,
      /notify\.webhook\.body: there is no field \$\{tittle\}; expected one of title/,
    ],
    ['format: opsgenie, body: { a: b }', /notify\.webhook\.body: format has a body already/],
    ['format: xml', /notify\.webhook\.format/],
  ])('is refused in cordon.yml if it is wrong: %s', (section, fault) => {
    expect(() =>
      parseConfiguration(`${minimalConfiguration}notify: { webhook: { ${section} } }\n`, 'cordon.yml'),
    ).toThrow(fault);
  });
});

describe('the format opsgenie', () => {
  const format = { format: 'opsgenie' } as const;

  it('opens one alert for each case, adds notes to it and closes it, and opens it again if somebody closed it', async () => {
    const released = anAnnouncement({ kind: 'released', status: 'closed', seq: 3, text: 'all is as before' });
    await show(anAnnouncement(), format);
    await show(anAnnouncement({ seq: 2, text: 'a certificate came' }), format, 1);
    await show(released, format, 2);

    expect(asked.map(({ path }) => path)).toEqual([
      '/hook?team=ot',
      '/hook?team=ot',
      '/hook/case-1/notes?team=ot&identifierType=alias',
      '/hook/case-1/close?team=ot&identifierType=alias',
    ]);
    const [alert, again, note, close] = asked.map(({ body }) => JSON.parse(body));
    expect(alert).toMatchObject({
      message: 'mything1: 1 child process of myapp: contained',
      alias: 'case-1',
      priority: 'P1',
    });
    expect(again.alias).toBe('case-1');
    expect(note.note).toContain('a certificate came');
    expect(close.note).toContain('all is as before');
  });

  it('opens one alert for a storm, and closes it when the storm is over', async () => {
    const storm = (seq: number, status: string) =>
      anAnnouncement({
        ...{ kind: 'storm', caseId: 'storm-1', seq, status, thingName: '*', cases: [], commands: [] },
        ...{ title: 'storm of x', violations: [] },
      });
    await show(storm(1, 'storm'), format);
    await show(storm(2, 'storm'), format, 1);
    await show(storm(3, 'closed'), format, 2);

    expect(asked.map(({ path }) => path)).toEqual([
      '/hook?team=ot',
      '/hook?team=ot',
      '/hook/storm-1/notes?team=ot&identifierType=alias',
      '/hook/storm-1/close?team=ot&identifierType=alias',
    ]);
  });

  it('opens none for a case that is over when it first reaches it, nor for a digest', async () => {
    await show(anAnnouncement({ kind: 'released', status: 'closed' }), format);
    await show(anAnnouncement({ kind: 'digest', status: 'observed', caseId: 'digest-1' }), format);

    expect(asked.map(({ path }) => path)).toEqual(['/hook/case-1/close?team=ot&identifierType=alias']);
  });

  it('keeps to the limits of its fields', async () => {
    await show(hostileAnnouncement('é漢🦊'.repeat(9_000)), format);

    const { message, description, entity, alias } = JSON.parse(asked[0]?.body ?? '');
    expect([message.length <= 130, description.length <= 15_000, entity.length <= 512]).toEqual([
      true,
      true,
      true,
    ]);
    expect(alias).toBe('case-1');
  });
});

describe('a webhook', () => {
  it.each([
    ['no JSON', 'https://example.com/hook'],
    ['no key', '{"url":"https://example.com"}'],
    ['no key in its list', '{"url":"https://example.com","key":[]}'],
    ['a key that is too short', '{"url":"https://example.com","key":"whsec_c2hvcnQ="}'],
  ])('says what its secret should be if it has %s', async (_, secret) => {
    await expect(showIn(connectWebhook({ secret, section: {} }), anAnnouncement())).rejects.toThrow(
      'its secret is not {"url":"https://...","key":"whsec_BASE64"}',
    );
  });

  it.each([
    ['http://example.com/', 'its URL is not https'],
    ['ftp://example.com/', 'its URL is not https'],
    ['https://user:word@example.com/', 'has a user name'],
    [
      'https://169.254.169.254/latest/meta-data/',
      'a private or local address, where Cordon sends nothing: 169.254.169.254',
    ],
    ['https://127.0.0.1:9001/2018-06-01/runtime', 'a private or local address, where Cordon sends nothing'],
    ['https://2130706433/', 'a private or local address, where Cordon sends nothing: 127.0.0.1'],
    ['https://0x7f.1/', 'a private or local address, where Cordon sends nothing: 127.0.0.1'],
    ['https://[::1]/', 'a private or local address, where Cordon sends nothing'],
    ['https://[::ffff:169.254.170.2]/', 'a private or local address, where Cordon sends nothing'],
    ['https://[fe80::1]/', 'a private or local address, where Cordon sends nothing'],
    ['https://[fd00:ec2::254]/', 'a private or local address, where Cordon sends nothing'],
    ['https://10.1.2.3/', 'a private or local address, where Cordon sends nothing: 10.1.2.3'],
    ['https://172.31.255.1/', 'a private or local address, where Cordon sends nothing'],
    ['https://192.168.0.1/', 'a private or local address, where Cordon sends nothing'],
    ['https://100.64.0.1/', 'a private or local address, where Cordon sends nothing'],
    ['https://[::ffff:10.0.0.1]/', 'a private or local address, where Cordon sends nothing'],
    ['https://[fd12:3456::1]/', 'a private or local address, where Cordon sends nothing'],
    ['https://[2002:a00:1::]/', 'a private or local address, where Cordon sends nothing'],
    ['https://[64:ff9b:1::a00:1]/', 'a private or local address, where Cordon sends nothing'],
    ['https://localhost/', 'localhost has a private or local address, where Cordon sends nothing'],
  ])('reaches nothing at %s', async (url, reason) => {
    const channel = connectWebhook({ secret: JSON.stringify({ url, key }), section: {} });

    await expect(showIn(channel, anAnnouncement())).rejects.toThrow(reason);
  });

  it.each([301, 302, 307, 308])('follows no redirect (%d)', async (status) => {
    answer = { status, headers: { location: 'https://example.com/' } };

    await expect(show(anAnnouncement())).rejects.toThrow(`${status}: it redirects, which is not followed`);
    expect(asked).toHaveLength(1);
  });

  it('passes on the receiver’s reason, cut and printable', async () => {
    answer = { status: 400, body: `no\r\nsuch team ${'x'.repeat(5_000)}` };

    await expect(show(anAnnouncement())).rejects.toThrow(
      /^Webhook refused: 400 no\uFFFD\uFFFDsuch team x{1,200}…$/,
    );
  });

  it('waits until the date that the receiver names', async () => {
    answer = { status: 429, headers: { 'retry-after': new Date(Date.now() + 90_000).toUTCString() } };

    const busy = await show(anAnnouncement()).catch((error: { retryAfterMs: number }) => error.retryAfterMs);
    expect(busy).toBeGreaterThan(60_000);
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of them.
