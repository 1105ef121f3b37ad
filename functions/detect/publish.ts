import type { DetectedEvent } from '../../shared/domain/detection/state';
import { isDrill } from '../../shared/domain/drill';
import { writeAlert } from '../../shared/domain/findings/alert';
import type { Evidence, Reporter } from '../../shared/domain/findings/violation';
import { ownField } from '../../shared/domain/json';
import type { Account } from '../../shared/domain/thing-ref';
import type { AlertTopic } from '../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../shared/ports/runtime';
import type { DetectionTrigger } from './receive';

export interface PublishPorts {
  readonly alerts: AlertTopic;
  /** The account and region that Cordon runs in. */
  readonly own: Account;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

const counters = {
  'in-alarm': 'ViolationRaised',
  'alarm-cleared': 'ViolationCleared',
  'alarm-invalidated': 'ViolationInvalidated',
} as const;

export async function publishEvent(
  event: DetectedEvent,
  trigger: DetectionTrigger,
  ports: PublishPorts,
): Promise<void> {
  const { behavior, eventType, at: occurredAt, ...told } = event;
  const { thingName, at } = trigger;
  const suppressed = behavior.suppressAlerts === true;
  if (!suppressed)
    await ports.alerts.publish(
      writeAlert({
        ...{ ...told, behavior, eventType, thingName, occurredAt, account: ports.own },
        ...sourceOf(event, trigger),
      }),
    );
  ports.log.info(suppressed ? 'violation, its alert suppressed' : 'violation', {
    thingName,
    event: eventType,
    behavior: behavior.name,
  });
  if (isDrill(thingName)) return;
  ports.metrics.count(counters[eventType]);
  if (!suppressed && trigger.kind === 'report')
    ports.metrics.time('ReportToAlertMs', Math.max(0, ports.clock() - at));
}

function sourceOf(
  { principal, behavior }: DetectedEvent,
  trigger: DetectionTrigger,
): { reporter?: Reporter; evidence?: readonly Evidence[]; uncounted?: readonly string[] } {
  switch (trigger.kind) {
    case 'report': {
      const { envelope, read } = trigger;
      const { clientId, principal: reporter } = envelope;
      if (read.kind !== 'report') return {};
      const { evidence, uncounted = {} } = read.report;
      const own = ownField(uncounted, behavior.metric) ?? [];
      return { reporter: { clientId, principal: reporter }, evidence, uncounted: own };
    }
    case 'lifecycle':
      return principal ? { reporter: { clientId: trigger.event.clientId, principal } } : {};
    case 'time':
      return principal ? { reporter: { clientId: trigger.thingName, principal } } : {};
  }
}
