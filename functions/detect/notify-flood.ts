import type { Flood, ToldFlood } from '../../shared/domain/detection/floods';
import { printable } from '../../shared/domain/messages/announcement';
import type { Operations } from '../../shared/ports/aws';
import type { Clock, Log } from '../../shared/ports/runtime';
import type { Floods } from '../../shared/ports/storage';
import { burst, perSecond, remember } from './budget';

export interface FloodPorts {
  readonly floods: Pick<Floods, 'reserveNotice'>;
  readonly operations: Operations;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long an instance waits before it checks again whether to notify people about a sender. */
const lookAgainMs = 600_000;

/**
 * Notifies operators of each flooding certificate once an hour, and of many in one message. A failed notification is
 * retried with the next report that is set aside, and never prevents a report from being judged.
 */
export function createFloodNotifier({ floods, operations, clock, log }: FloodPorts) {
  const lookedAt = new Map<string, number>();
  let noted: Flood[] = [];

  async function notifyOf(flood: Flood): Promise<void> {
    const { telling, next } = await floods.reserveNotice(flood, clock());
    const entry = next.floods.find(({ sender }) => sender === flood.sender);
    if (telling === 'by name' && entry) await operations.notify(writeSubject(entry), writeFlood(entry));
    if (telling === 'as one of many')
      await operations.notify('[Cordon] many certificates send too many reports', writeMany(next.floods));
  }

  return {
    note(flood: Flood): void {
      if (clock() - (lookedAt.get(flood.sender) ?? Number.NEGATIVE_INFINITY) < lookAgainMs) return;
      remember(lookedAt, flood.sender, clock());
      noted.push(flood);
    },

    async notifyNoted(): Promise<void> {
      const floods = noted;
      noted = [];
      for (const flood of floods)
        try {
          await notifyOf(flood);
        } catch (error) {
          lookedAt.delete(flood.sender);
          log.error('a flood of reports was not announced', { ...flood, error });
        }
    },
  };
}

/** Less than 100 characters of ASCII (SNS API, Publish). */
function writeSubject({ thingName }: ToldFlood): string {
  return `[Cordon] too many reports for ${thingName}`.slice(0, 99);
}

function writeFlood({ thingName, clientId, sender, since }: ToldFlood): string {
  return [
    `A certificate sends more reports for ${thingName} than Cordon evaluates for one certificate: ${burst} at once, ${perSecond} a second. Cordon sets the others aside, and evaluates the reports of other things as before.`,
    '',
    `client id: ${printable(clientId)}`,
    `certificate: ${printable(sender)}`,
    `since: ${new Date(since).toISOString()}`,
    '',
    runbook,
  ].join('\n');
}

function writeMany(floods: readonly ToldFlood[]): string {
  const names = floods.map(({ thingName }) => thingName);
  return [
    `${floods.length} certificates or more each send more reports than Cordon evaluates for one, for ${names.join(', ')}.`,
    'No further message on it for an hour: cordon list names them.',
    '',
    runbook,
  ].join('\n');
}

const runbook = 'What to do: docs/runbooks/reports-set-aside.md';
