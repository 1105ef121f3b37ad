import {
  type ActiveViolation,
  ListActiveViolationsCommand,
  type ListActiveViolationsCommandInput,
  ListViolationEventsCommand,
  PutVerificationStateOnViolationCommand,
} from '@aws-sdk/client-iot';
import { iotLocalRoutes } from '../../../../local/aws/iot/local-routes';
import { errorOf, now, prefix } from './builders';
import { clock, registry, send, server, useControlPlane } from './plane';

useControlPlane();

const key = {
  thingName: 'mything1',
  securityProfileName: 'myapp-processes',
  behaviorName: 'no-child-processes',
};
const behavior = {
  name: key.behaviorName,
  metric: 'aws:num-listening-tcp-ports',
  criteria: { comparisonOperator: 'less-than-equals', value: { count: 0 } },
};

async function listActive(filter: ListActiveViolationsCommandInput = {}): Promise<ActiveViolation[]> {
  return (await send(new ListActiveViolationsCommand(filter))).activeViolations ?? [];
}

async function listEvents(startAt: number, endAt: number) {
  const range = { startTime: new Date(startAt), endTime: new Date(endAt) };
  return (await send(new ListViolationEventsCommand(range))).violationEvents ?? [];
}

describe('violations', () => {
  it('are active from the alarm to its end, with the last value, and one event for each', async () => {
    registry.defender.createProfile(key.securityProfileName, { behaviors: [behavior] });
    const { violationId } = registry.defender.setViolation({ ...key, value: { count: 1 } });
    clock.at += 1500;
    registry.defender.setViolation({ ...key, value: { count: 3 } });

    const common = {
      violationId,
      thingName: key.thingName,
      securityProfileName: key.securityProfileName,
      behavior,
      verificationState: 'UNKNOWN',
    };
    expect(await listActive()).toEqual([
      {
        ...common,
        lastViolationValue: { count: 3 },
        lastViolationTime: new Date(clock.at),
        violationStartTime: new Date(now),
      },
    ]);
    registry.defender.clearViolation({ ...key, state: 'alarm-cleared', value: { count: 0 } });
    expect(await listActive()).toEqual([]);
    expect(await listEvents(now, clock.at)).toEqual([
      {
        ...common,
        metricValue: { count: 1 },
        violationEventType: 'in-alarm',
        violationEventTime: new Date(now),
      },
      {
        ...common,
        metricValue: { count: 0 },
        violationEventType: 'alarm-cleared',
        violationEventTime: new Date(clock.at),
      },
    ]);
    expect(violationId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('have no value once invalidated, and a later alarm has another id', async () => {
    const first = registry.defender.setViolation(key);
    registry.defender.clearViolation({ ...key, state: 'alarm-invalidated', value: { number: 0 } });
    const second = registry.defender.setViolation({ ...key, violationId: 'v2' });

    const events = await listEvents(now, now);
    expect(events.map((event) => [event.violationId, event.violationEventType, event.metricValue])).toEqual([
      [first.violationId, 'in-alarm', undefined],
      [first.violationId, 'alarm-invalidated', undefined],
      [second.violationId, 'in-alarm', undefined],
    ]);
    expect(
      (await listActive()).map(({ violationId, behavior: { name } = {} }) => [violationId, name]),
    ).toEqual([['v2', key.behaviorName]]);
  });

  it.each<[string, ListActiveViolationsCommandInput, string[]]>([
    ['the thing', { thingName: 'other' }, ['other']],
    ['the profile', { securityProfileName: 'traffic' }, ['ml', 'p90', 'quiet']],
    ['static criteria', { behaviorCriteriaType: 'STATIC' }, ['mine', 'other', 'quiet']],
    ['machine learning', { behaviorCriteriaType: 'MACHINE_LEARNING' }, ['ml']],
    ['a statistic', { behaviorCriteriaType: 'STATISTICAL' }, ['p90']],
    ['what an operator said', { verificationState: 'FALSE_POSITIVE' }, ['ml']],
    ['nobody having said anything', { verificationState: 'UNKNOWN' }, ['mine', 'other', 'p90', 'quiet']],
    ['no suppressed ones', { listSuppressedAlerts: false }, ['mine', 'ml', 'other', 'p90']],
  ])('are filtered by %s', async (_what, filter, expected) => {
    const metric = 'aws:all-bytes-out';
    const statistical = { durationSeconds: 300, statisticalThreshold: { statistic: 'p90' } };
    registry.defender.createProfile('traffic', {
      behaviors: [
        { name: 'ml', metric, criteria: { mlDetectionConfig: { confidenceLevel: 'HIGH' } } },
        { name: 'p90', metric, criteria: { comparisonOperator: 'greater-than', ...statistical } },
        { ...behavior, name: 'quiet', suppressAlerts: true } as never,
      ],
    });
    const traffic = { ...key, securityProfileName: 'traffic' };
    registry.defender.setViolation({ ...key, violationId: 'mine' });
    registry.defender.setViolation({ ...key, thingName: 'other', violationId: 'other' });
    for (const name of ['ml', 'p90', 'quiet']) {
      registry.defender.setViolation({ ...traffic, behaviorName: name, violationId: name });
    }
    const label = { violationId: 'ml', verificationState: 'FALSE_POSITIVE' as const };
    await send(new PutVerificationStateOnViolationCommand(label));

    expect((await listActive(filter)).map(({ violationId }) => violationId)).toEqual(expected);
  });

  it('are listed in pages, none lost or twice', async () => {
    for (let index = 0; index < 30; index += 1) {
      registry.defender.setViolation({ ...key, thingName: `thing${index}`, violationId: `v${index}` });
    }
    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await send(
        new ListActiveViolationsCommand({ maxResults: 7, ...(nextToken && { nextToken }) }),
      );
      seen.push(...(page.activeViolations ?? []).map(({ thingName }) => thingName));
      nextToken = page.nextToken;
    } while (nextToken);

    expect([seen.length, new Set(seen).size]).toEqual([30, 30]);
  });

  it('keep the verdict of an operator, in both lists', async () => {
    registry.defender.setViolation({ ...key, violationId: 'v' });
    const label = {
      verificationState: 'BENIGN_POSITIVE' as const,
      verificationStateDescription: 'an update <b>ran</b>',
    };
    await send(new PutVerificationStateOnViolationCommand({ violationId: 'v', ...label }));

    expect(await listActive()).toMatchObject([label]);
    expect(await listEvents(now, now)).toMatchObject([label]);
    const unseen = new PutVerificationStateOnViolationCommand({ violationId: 'none', ...label });
    expect(await errorOf(send(unseen))).toBe('no error');
    const other = new PutVerificationStateOnViolationCommand({
      violationId: 'v',
      verificationState: 'MAYBE' as never,
    });
    expect(await errorOf(send(other))).toBe('400 InvalidRequestException');
  });

  it('can begin before they are reported, but not after', async () => {
    clock.at += 60_000;
    registry.defender.setViolation({ ...key, violationId: 'v', occurredAt: now });
    registry.defender.clearViolation({ ...key, state: 'alarm-cleared', occurredAt: now + 1000 });
    const times = (await listEvents(now, clock.at)).map(({ violationEventTime }) =>
      violationEventTime?.getTime(),
    );

    expect(times).toEqual([now, now + 1000]);
    registry.defender.setViolation({ ...key, violationId: 'w', occurredAt: clock.at });
    for (const occurredAt of [clock.at + 1, -1, 0.5, Number.NaN]) {
      expect(() => registry.defender.setViolation({ ...key, occurredAt })).toThrow('occurredAt');
    }
    const early = { ...key, state: 'alarm-cleared' as const, occurredAt: now };
    expect(() => registry.defender.clearViolation(early)).toThrow('before it began');
  });

  it('have events for 30 days, in a range with both ends', async () => {
    registry.defender.setViolation(key);
    clock.at += 31 * 24 * 3600 * 1000;

    expect(await listEvents(now, clock.at)).toEqual([]);
    expect(await listActive()).toHaveLength(1);
    const half = new ListViolationEventsCommand({ startTime: new Date(now), endTime: undefined });
    expect(await errorOf(send(half))).toBe('400 InvalidRequestException');
    expect(await errorOf(listEvents(clock.at, now))).toBe('400 InvalidRequestException');
  });

  it('are listed only with a right on the requested profile and thing', async () => {
    await listActive({ thingName: 'mything1', securityProfileName: 'p' });
    await listEvents(now, now);

    expect(server.asked).toEqual([
      `iot:ListActiveViolations on ${prefix}securityprofile/p, ${prefix}thing/mything1`,
      'iot:ListViolationEvents on *',
    ]);
  });
});

describe('POST /_cordon/violations', () => {
  const post = async (body: unknown) => {
    const route = iotLocalRoutes(registry)['POST /_cordon/violations'];
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return await route?.({
      method: 'POST',
      path: '/_cordon/violations',
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.from(text),
    });
  };

  it('creates an alarm and its end', async () => {
    const raised = await post({ ...key, value: 2, state: 'in-alarm', violationId: 'v' });

    expect(JSON.parse(String(raised?.body))).toMatchObject({ violationId: 'v', lastValue: { number: 2 } });
    expect(await listActive()).toMatchObject([{ violationId: 'v', lastViolationValue: { number: 2 } }]);
    expect((await post({ ...key, value: { number: 0 }, state: 'alarm-cleared' }))?.status).toBe(200);
    expect(await listActive()).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', []],
    ['no state', key],
    ['a state AWS does not have', { ...key, state: 'alarm' }],
    ['an end without an alarm', { ...key, state: 'alarm-cleared' }],
    ['an empty thing name', { ...key, thingName: '', state: 'in-alarm' }],
    ['a thing name of 129 characters', { ...key, thingName: 'a'.repeat(129), state: 'in-alarm' }],
    ['a behavior with a slash', { ...key, behaviorName: 'a/b', state: 'in-alarm' }],
    ['a time to come', { ...key, occurredAt: now + 1, state: 'in-alarm' }],
    ['a value as text', { ...key, value: '2', state: 'in-alarm' }],
    ['an id of 129 characters', { ...key, violationId: 'a'.repeat(129), state: 'in-alarm' }],
  ])('answers %s with 400 and changes nothing', async (_what, body) => {
    const before = registry.version();

    expect([(await post(body))?.status, registry.version()]).toEqual([400, before]);
  });

  it('refuses another id for an active alarm, and a used id', async () => {
    await post({ ...key, violationId: 'v', state: 'in-alarm' });

    expect((await post({ ...key, violationId: 'w', state: 'in-alarm' }))?.status).toBe(400);
    await post({ ...key, state: 'alarm-cleared' });
    expect((await post({ ...key, violationId: 'v', state: 'in-alarm' }))?.status).toBe(400);
  });
});
