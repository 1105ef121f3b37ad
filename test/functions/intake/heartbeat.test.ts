import { writeHeartbeat } from '../../../shared/domain/findings/heartbeat';
import { now } from '../../builders';
import { aRecord } from '../../fakes';
import { anAlert, connected, enveloped, setUp } from './an-intake';

describe('the heartbeat', () => {
  const beat = writeHeartbeat(now - 100);
  const namesake = (over: Record<string, unknown> = {}) =>
    anAlert({ thingName: 'cordon-heartbeat', ...over });

  it.each([
    ['raw', beat],
    ['in the envelope of SNS', enveloped(JSON.parse(beat))],
  ])('is sent to its mailbox, %s, and counts as no alert', async (_, body) => {
    const { take, sent, letters, counts } = setUp();

    await take(aRecord(body));

    expect(sent).toMatchObject([
      {
        command: {
          type: 'violation',
          thingName: 'cordon-heartbeat',
          violation: { eventType: 'alarm-invalidated', occurredAt: now - 100 },
          takenAt: now + 40,
        },
      },
    ]);
    expect([letters, counts]).toEqual([[], {}]);
  });

  it('has the same id at each delivery, and another in the next minute', async () => {
    const { take, sent } = setUp();

    for (const at of [now, now, now + 60_000]) await take(aRecord(writeHeartbeat(at)));

    const [first, again, next] = sent.map(({ id }) => id);
    expect(again).toBe(first);
    expect(next).not.toBe(first);
  });

  it('that is forged in the future counts from its arrival, so true ones stay newer', async () => {
    const { take, sent } = setUp();

    await take(aRecord(writeHeartbeat(now + 86_400_000)));

    expect(sent).toMatchObject([{ command: { violation: { occurredAt: now } } }]);
  });

  it.each([
    ['an alarm under its name', namesake()],
    ['an invalidated alarm of a profile of the fleet', namesake({ violationEventType: 'alarm-invalidated' })],
    ['an alarm under its profile', namesake({ securityProfileName: 'cordon-heartbeat' })],
  ])('has a name of its own: %s is set aside', async (_, alert) => {
    const { take, sent, letters } = setUp();

    await take(aRecord(alert));

    expect(sent).toEqual([]);
    expect(letters).toMatchObject([
      { reason: expect.stringContaining('no thing can be named cordon-heartbeat') },
    ]);
  });

  it('cannot come from a device by an IoT rule that failed', async () => {
    const { take, sent, letters } = setUp();

    await take(
      aRecord({
        ruleName: 'alerts',
        topic: 'app/alerts',
        clientId: 'mything1',
        base64OriginalPayload: Buffer.from(beat).toString('base64'),
        failures: [],
      }),
    );

    expect(sent).toEqual([]);
    expect(letters).toHaveLength(1);
  });

  it('leaves alone a client that connects under its name', async () => {
    const { handlePresence, sent, letters } = setUp();

    await handlePresence(connected({ clientId: 'cordon-heartbeat' }));

    expect([sent, letters]).toEqual([[], []]);
  });
});
