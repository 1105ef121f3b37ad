import { intake } from '../../../functions/intake/handler';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aContext, account, aViolation, decide, now } from '../../builders';
import {
  aRecord,
  fakeCases,
  fakeClientIds,
  fakeDeadLetters,
  fakeHeldThings,
  fakeLeases,
  fakeQueue,
  fakeTelemetry,
} from '../../fakes';

export const presenceQueue = 'arn:aws:sqs:us-east-1:000000000000:presence';

export function setUp() {
  const { sent, commands } = fakeQueue();
  const { letters, deadLetters } = fakeDeadLetters();
  const { counts, log, metrics } = fakeTelemetry();
  const { cases, items } = fakeCases();
  const { leases } = fakeLeases();
  const heldThings = fakeHeldThings(cases, leases);
  const { clientIds } = fakeClientIds();
  const take = intake(
    {
      ...{ clientIds, heldThings, commands, deadLetters, own: account, log, metrics, clock: () => now + 40 },
      ...{ senders: [], prefix: 'cordon-dev' },
    },
    presenceQueue,
  );
  return {
    take,
    sent,
    letters,
    counts,
    items,
    leases,
    clientIds,
    handlePresence: (body: unknown) => take(aRecord(body, { eventSourceARN: presenceQueue })),
  };
}

export function anAlert(over: Record<string, unknown> = {}) {
  return {
    violationEventTime: now,
    thingName: 'mything1',
    behavior: {
      name: 'no-child-processes',
      metric: 'num_child_procs_myapp',
      criteria: { value: { number: 0 } },
    },
    violationEventType: 'in-alarm',
    metricValue: { number: 1 },
    violationId: 'v-1',
    securityProfileName: 'myapp-processes',
    ...over,
  };
}

export const enveloped = (message: unknown) => ({
  Type: 'Notification',
  MessageId: 'sns-1',
  Message: JSON.stringify(message),
});

export const connected = (over: Record<string, unknown> = {}) => ({
  clientId: 'mything1',
  eventType: 'connected',
  timestamp: now,
  ...over,
});

export function holdThing(items: ReturnType<typeof fakeCases>['items'], held: boolean): void {
  const violation = aViolation();
  const decision = decide(
    undefined,
    { type: 'violation', thingName: thingKey('mything1'), violation },
    aContext({ killSwitch: { state: held ? 'off' : 'on' } }),
  );
  if (decision.outcome === 'changed') items.set('mything1', { value: decision.next, version: 1 });
}
