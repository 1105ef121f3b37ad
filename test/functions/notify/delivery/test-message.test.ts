import { connectPagerDuty } from '../../../../functions/notify/channels/pagerduty/channel';
import { pagerduty } from '../../../../functions/notify/channels/pagerduty/descriptor';
import type { Channel } from '../../../../functions/notify/delivery/channel';
import { sendTest } from '../../../../functions/notify/delivery/test-message';
import { type FaultyRelay, startFaultyRelay } from '../../../contract/faulty-relay';
import { routingKey, startPagerDuty } from '../channels/pagerduty/stand-in';

let service: Awaited<ReturnType<typeof startPagerDuty>>;
let relay: FaultyRelay;

beforeEach(async () => {
  service = await startPagerDuty();
  relay = await startFaultyRelay(service.url);
});

afterEach(async () => {
  await relay.close();
  await service.close();
});

async function send(secret = routingKey, answerMs = 10_000) {
  const time = { now: 1_700_000_000_000 };
  return sendTest(connectPagerDuty({ secret, endpoint: relay.url }) as Channel, {
    limits: { ...pagerduty.limits, answerMs },
    clock: () => time.now,
    pause: async (ms) => {
      time.now += ms;
    },
  });
}

describe('the test message of a channel', () => {
  it('says that it is a test, and leaves nothing open', async () => {
    expect(await send()).toEqual({});

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

  it('is refused with the reason of the service', async () => {
    expect((await send('f'.repeat(32))).refused).toMatch(/^400 .*routing_key/);
  });

  it('waits while the service is busy, but not longer than its sender', async () => {
    relay.refuseNext({ status: 429, headers: { 'retry-after': '2' } });
    expect(await send()).toEqual({});

    relay.refuseNext({ status: 429, headers: { 'retry-after': '60' } });
    expect((await send()).refused).toBe('it is busy, and accepts nothing more for now');
  });

  it('is over if the service never answers', async () => {
    relay.hang(true);

    expect((await send(routingKey, 200)).refused).toBe('no answer within 200 ms');
  });

  it('is refused if the secret is not stored', async () => {
    const ports = { limits: pagerduty.limits, clock: Date.now, pause: async () => {} };

    expect(await sendTest(undefined, ports)).toEqual({ refused: 'its secret is not stored' });
  });
});
