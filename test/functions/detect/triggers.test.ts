import { VersionConflictError } from '../../../shared/errors';
import { awsError } from '../../aws-error';
import { account, now } from '../../builders';
import { aRecord } from '../../fakes';
import { fakeDetection } from '../../fakes-detection';
import { aDetector, aReport, received } from './detector';
import { aBehavior, hourMs } from './watched-behaviors';

describe('detect, on a drill,', () => {
  it('raises the alarm, and leaves its values out of the fleet statistics and the alarm metrics', async () => {
    const behaviors = aBehavior('num_child_procs_myapp', {
      comparisonOperator: 'less-than-equals',
      statisticalThreshold: { statistic: 'p90' },
      durationSeconds: 300,
    });
    const added: string[] = [];
    const { fleet } = fakeDetection();
    const own = aDetector(
      { behaviors },
      { fleet: { ...fleet, add: async (thingName) => void added.push(thingName) } },
    );
    own.register('cordon-drill-1');
    await own.run(
      received(aReport(0)),
      received(aReport(0), { thingName: 'cordon-drill-1', messageId: 'message-2' }),
    );
    expect(added).toEqual(['mything1']);

    const { run, alerts, telemetry, register } = aDetector();
    register('cordon-drill-1');
    await run(received(aReport(1), { thingName: 'cordon-drill-1' }));
    expect(alerts).toMatchObject([{ thingName: 'cordon-drill-1', violationEventType: 'in-alarm' }]);
    expect(Object.keys(telemetry.counts).filter((name) => /Violation|ReportToAlert/.test(name))).toEqual([]);
  });
});

describe('detect, looking a thing up in the registry,', () => {
  it('asks for a thing in alarm only, not for each report', async () => {
    const asked: string[] = [];
    const { run, alerts } = aDetector(
      {},
      {
        things: {
          listGroups: async (thingName) => {
            asked.push(thingName);
            return [];
          },
          listPrincipals: async () => [],
        },
      },
    );

    await run(received(aReport(0)));
    expect(asked).toEqual([]);

    await run(received(aReport(1), { receivedAt: now + 1 }));
    expect(asked).toEqual(['mything1']);
    expect(alerts).toHaveLength(1);
  });

  it.each([
    ['all/registered-things', 0],
    ['all/unregistered-things', 1],
    ['all/things', 1],
  ])('treats a name that the registry does not have as unregistered: %s', async (target, count) => {
    const { run, alerts, registry } = aDetector({ targets: [target] });
    registry.clear();

    expect(await run(received(aReport(1), { thingName: 'stranger' }))).toEqual([]);

    expect(alerts.map(({ thingName }) => thingName)).toEqual(Array(count).fill('stranger'));
  });

  it('returns the report to the queue if the registry does not answer', async () => {
    const { run, stored } = aDetector(
      {},
      {
        things: {
          listGroups: () => Promise.reject(awsError('Throttled')),
          listPrincipals: async () => [],
        },
      },
    );

    expect(await run(received(aReport(1)))).toEqual(['message-1']);

    expect(stored.items.size).toBe(0);
  });
});

describe('detect, keeping datapoints,', () => {
  const kept = ({ kept: points }: ReturnType<typeof aDetector>['stored']) =>
    [...points.values()].map(({ metric, at, value }) => [metric, at - now, value]);
  const metric = 'num_child_procs_myapp';

  it('keeps each new value, and one an hour, so that a chart can show silence', async () => {
    const { run, stored } = aDetector();

    for (const [children, at] of [
      [0, 0],
      [0, 1],
      [2, 2],
      [2, hourMs],
      [2, hourMs + 2],
    ] as const)
      await run(
        received(aReport(children, { header: { report_id: 1 + at, version: '1.0' } }), {
          receivedAt: now + at,
        }),
      );

    expect(kept(stored)).toEqual([
      [metric, 0, { number: 0 }],
      [metric, 2, { number: 2 }],
      [metric, hourMs + 2, { number: 2 }],
    ]);
  });

  it('keeps those of additionalMetricsToRetain as well, and of no other metric', async () => {
    const { run, stored } = aDetector({ additionalMetricsToRetain: ['aws:all-bytes-in'] });
    const metrics = { network_stats: { bytes_in: 7, bytes_out: 8 } };

    await run(received(aReport(0, { metrics })));

    expect(kept(stored)).toEqual([
      [metric, 0, { number: 0 }],
      ['aws:all-bytes-in', 0, { count: 7 }],
    ]);
  });

  it('keeps none that another client reports for the thing', async () => {
    const { run, stored } = aDetector();

    await run(received(aReport(1), { clientId: 'other' }));

    expect(kept(stored)).toEqual([]);
  });

  it('returns the report to the queue if it cannot keep them', async () => {
    const { run, stored } = aDetector(
      {},
      { datapoints: { append: () => Promise.reject(awsError('Throttled')) } },
    );

    expect(await run(received(aReport(0)))).toEqual(['message-1']);

    expect(stored.items.size).toBe(0);
  });
});

describe('detect, each minute,', () => {
  const clockAt = (time: { at: number }) => ({ clock: () => time.at });

  it('invalidates the alarm of a silent device once, without a value or evidence', async () => {
    const time = { at: now };
    const { run, tick, alerts, registry } = aDetector({}, clockAt(time));
    await run(received(aReport(1)));

    for (let hours = 1; hours <= 60; hours += 1) {
      time.at = now + hours * hourMs;
      await tick();
    }

    expect(alerts).toHaveLength(2);
    expect(alerts[1]).toEqual({
      violationEventTime: now + 49 * hourMs,
      thingName: 'mything1',
      behavior: expect.objectContaining({ name: 'no-child-processes' }),
      violationEventType: 'alarm-invalidated',
      violationId: alerts[0]?.violationId,
      securityProfileName: 'myapp-processes',
      cordon: { thing: { ...account, name: 'mything1' } },
    });
    expect(registry.size).toBe(2);
  });

  it('invalidates the alarm of a thing that is no longer a target', async () => {
    const time = { at: now };
    const { run, tick, alerts, registry } = aDetector({ targets: ['thinggroup/sensors'] }, clockAt(time));
    await run(received(aReport(1)));
    registry.get('mything1')?.groups.clear();

    time.at = now + hourMs;
    await tick();

    expect(alerts.map(({ violationEventType }) => violationEventType)).toEqual([
      'in-alarm',
      'alarm-invalidated',
    ]);
  });

  it('writes and announces nothing if nothing is due', async () => {
    const time = { at: now };
    const { run, tick, order } = aDetector({}, clockAt(time));
    await run(received(aReport(1)));
    order.length = 0;

    time.at = now + hourMs - 1;
    await tick();

    expect(order).toEqual([]);
  });

  it('does not delay other things for one that fails, and then fails, which raises an alarm', async () => {
    const time = { at: now };
    const broken = new Set<string>();
    const { run, tick, alerts, register, stored } = aDetector(
      { targets: ['all/things'] },
      {
        ...clockAt(time),
        alerts: {
          publish: async (alert) => {
            if (broken.has(JSON.parse(alert).thingName)) throw awsError('Throttled');
            alerts.push(JSON.parse(alert));
          },
        },
      },
    );
    const names = Array.from({ length: 120 }, (_, index) => `thing${index}`);
    for (const thingName of names) register(thingName);
    for (const thingName of names) await run(received(aReport(1), { thingName, messageId: thingName }));
    alerts.length = 0;
    // More than are judged at once.
    for (const thingName of names.slice(0, 60)) broken.add(thingName);

    time.at = now + 49 * hourMs;
    await expect(tick()).rejects.toThrow('some things were not judged by time');

    expect(alerts.map(({ thingName }) => thingName).sort()).toEqual(names.slice(60).sort());
    expect(await stored.states.listDue(time.at, 200)).toHaveLength(60);
  });

  it('repeats an alert under the same id if the state was not saved', async () => {
    const time = { at: now };
    const { run, tick, alerts, stored } = aDetector({}, clockAt(time));
    await run(received(aReport(1)));
    const before = structuredClone(stored.items.get('mything1'));
    time.at = now + 49 * hourMs;
    await tick();
    if (before) stored.items.set('mything1', before);

    await tick();

    expect(alerts).toHaveLength(3);
    expect(alerts[2]).toEqual(alerts[1]);
  });
});

describe('detect, comparing with the fleet,', () => {
  const asOthers = aBehavior('num_child_procs_myapp', {
    comparisonOperator: 'less-than-equals',
    statisticalThreshold: { statistic: 'p50' },
    durationSeconds: 300,
  });

  it('counts each thing once a window, and judges by the window before', async () => {
    const { run, alerts, stored } = aDetector({ behaviors: asOthers });
    const at = (minutes: number) => Math.floor(now / 300_000) * 300_000 + minutes * 60_000;

    await run(
      received(aReport(10), { receivedAt: at(1) }),
      received(aReport(11), { receivedAt: at(2) }),
      received(aReport(10), { receivedAt: at(1), thingName: 'mything2', messageId: '2' }),
    );
    expect([...stored.bins.values()].flatMap((bins) => Object.values(bins))).toEqual([2]);

    await run(received(aReport(90), { receivedAt: at(6) }));
    expect(alerts).toMatchObject([
      {
        thingName: 'mything1',
        metricValue: { number: 90 },
        behavior: { criteria: { statisticalThreshold: { statistic: 'p50' } } },
      },
    ]);
  });

  it('counts a thing once, even if another invocation has written its state in the meantime', async () => {
    const { states, fleet, bins } = fakeDetection();
    let conflicts = 1;
    const contested: typeof states = {
      ...states,
      save: async (state, previous) => {
        if (conflicts-- > 0) throw new VersionConflictError('THING#mything1');
        return states.save(state, previous);
      },
    };
    const { run } = aDetector({ behaviors: asOthers }, { states: contested, fleet });

    expect(await run(received(aReport(10)))).toEqual([]);

    expect([...bins.values()].flatMap((counts) => Object.values(counts))).toEqual([1]);
  });

  it('does not count what another client reports', async () => {
    const { run, stored } = aDetector({ behaviors: asOthers });

    await run(received(aReport(10), { clientId: 'other' }));

    expect(stored.bins.size).toBe(0);
  });
});

describe('detect, given a message that is neither a report nor an event,', () => {
  it('sets it aside and judges the rest', async () => {
    const { run, letters, alerts } = aDetector();

    expect(await run(aRecord({ eventType: 'x' }, { messageId: 'bad' }), received(aReport(1)))).toEqual([]);

    expect(letters).toHaveLength(1);
    expect(alerts).toHaveLength(1);
  });
});
