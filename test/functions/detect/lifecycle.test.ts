import { thingKey } from '../../../shared/domain/thing-ref';
import { aConfiguration, now } from '../../builders';
import { aDetector, aReport, lifecycle, received } from './detector';
import { aBehavior, hourMs } from './watched-behaviors';

const fewConnects = aBehavior('aws:num-connection-attempts', {
  comparisonOperator: 'less-than',
  value: { count: 2 },
  durationSeconds: 300,
});

describe('detect, on lifecycle events,', () => {
  it('sends an alert with the certificate that connected, and answers no client', async () => {
    const { run, alerts, published } = aDetector({ behaviors: fewConnects });

    expect(
      await run(lifecycle('connected'), lifecycle('connect_failed', { sessionIdentifier: 'session-2' })),
    ).toEqual([]);

    expect(alerts).toMatchObject([
      {
        violationEventType: 'in-alarm',
        thingName: 'mything1',
        metricValue: { count: 2 },
        cordon: { reporter: { clientId: 'mything1', principal: 'a'.repeat(64) } },
      },
    ]);
    expect(published).toEqual([]);
  });

  it('names no certificate if several took part, so that none is contained for what another did', async () => {
    const { run, alerts } = aDetector({ behaviors: fewConnects });

    await run(
      lifecycle('connect_failed', { principalIdentifier: 'b'.repeat(64) }),
      lifecycle('connected', { sessionIdentifier: 'session-2', timestamp: now + 1 }),
    );

    expect(alerts).toMatchObject([{ cordon: { reporter: { principal: 'several' } } }]);
  });

  it('identifies an exclusive thing by its name, whatever its client id', async () => {
    const { run, alerts } = aDetector({ behaviors: fewConnects });
    const exclusive = { clientId: 'some/client', thingName: 'mything1' };

    await run(
      lifecycle('connected', exclusive),
      lifecycle('connected', { ...exclusive, sessionIdentifier: 'session-2' }),
    );

    expect(alerts).toMatchObject([{ thingName: 'mything1' }]);
  });

  it('ignores a client whose id no alert could name', async () => {
    const { run, letters, stored, telemetry } = aDetector({ behaviors: fewConnects });

    expect(await run(lifecycle('connected', { clientId: '../x y' }))).toEqual([]);

    expect({ letters, states: stored.items.size }).toEqual({ letters: [], states: 0 });
    expect(telemetry.counts.LifecycleIgnored).toBe(1);
  });

  it.each([
    ['another type', { eventType: 'subscribed' }],
    ['no session', { sessionIdentifier: undefined }],
    ['a time as text', { timestamp: '2026' }],
    ['a client id of 200 characters', { clientId: 'x'.repeat(200) }],
  ])('sets aside an event with %s', async (_, over) => {
    const { run, letters } = aDetector({ behaviors: fewConnects });

    expect(await run(lifecycle('connected', over))).toEqual([]);

    expect(letters).toMatchObject([{ reason: expect.stringContaining('not a lifecycle event of AWS IoT') }]);
  });

  it('dates an event from the future by its arrival, so that the events after it do not count as older', async () => {
    const { run, stored } = aDetector({ behaviors: fewConnects });

    await run(lifecycle('connected', { timestamp: now + 24 * hourMs, sentAt: now }));
    await run(lifecycle('disconnected', { timestamp: now + 10, sentAt: now + 10 }));

    expect((await stored.states.load(thingKey('mything1')))?.value.presence).toMatchObject({
      connectedAt: now,
      disconnectedAt: now + 10,
    });
  });

  it('judges reports and events of a thing in order of time, and writes its state once, after a note of the alarm of several', async () => {
    const behaviors = [
      ...fewConnects,
      ...(aConfiguration().securityProfiles['myapp-processes']?.behaviors ?? []),
    ];
    const { run, alerts, order } = aDetector({ behaviors });

    await run(
      received(aReport(1), { receivedAt: now + 20 }),
      lifecycle('connected', { timestamp: now + 10 }),
      lifecycle('connect_failed', { sessionIdentifier: 'session-2', timestamp: now + 30 }),
    );

    expect(alerts.map(({ violationEventTime }) => Number(violationEventTime) - now)).toEqual([20, 30]);
    expect(order).toEqual(['save mything1', ...['alert mything1', 'alert mything1'], 'save mything1']);
  });
});
