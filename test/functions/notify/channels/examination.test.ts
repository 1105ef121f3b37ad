import { tryChannel } from '../../../../functions/notify/channels/examination';
import { routingKey, startPagerDuty } from './pagerduty/stand-in';

let service: Awaited<ReturnType<typeof startPagerDuty>>;

beforeEach(async () => {
  service = await startPagerDuty();
});

afterEach(() => service.close());

const tryIt = (secret: string) =>
  tryChannel('pagerduty', { secret, endpoint: service.url, section: {} }, 1_700_000_000_000);

it('the test message of a channel says that it is a test, and leaves nothing open', async () => {
  expect(await tryIt(routingKey)).toBeUndefined();

  expect([...service.alerts]).toEqual([
    [
      'doctor-test-1700000000000',
      {
        status: 'resolved',
        severity: 'info',
        log: ['cordon-doctor-test: test: Test message of cordon doctor: nothing happened.'],
      },
    ],
  ]);
});

it('what the service says against a test message is told', async () => {
  expect(await tryIt('f'.repeat(32))).toMatch(/^400 .*routing_key/);
});

it.each([
  ['teams', {}, 'http://example.com/', 'its URL is not https'],
  ['webhook', {}, 'https://example.com/', 'its secret is not {"url":"https://...","key":"whsec_BASE64"}'],
] as const)('a secret that can not be right is told of %s', async (name, section, secret, reason) => {
  expect(await tryChannel(name, { secret, endpoint: '', section }, 0)).toContain(reason);
});
