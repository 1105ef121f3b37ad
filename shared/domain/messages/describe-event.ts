import { descriptorOf } from '../actions/registry';
import type { TimelineEvent } from '../case/news';
import type { TimelineEntry } from '../case/outbox';
import type { MetricValue } from '../findings/violation';
import { parseJson } from '../json';
import { writeRelease } from '../words';
import { describeOrder, describeStatus, describeStep, nameOrder } from './describe-action';
import { describeAll } from './describe-detail';
import {
  describeAllNews,
  describeCertificate,
  describeCovered,
  describeForeignClear,
  describeNotHeld,
} from './describe-news';
import { describeReason, describeRefusal } from './describe-reason';
import { describeAlarm, describeValue, nameFinding } from './describe-value';

/** One entry of a row of the timeline. Rows are stored in words, as their hashes cover them. */
export interface DescribedEntry {
  readonly at: number;
  readonly what: string;
  readonly actor?: string;
  readonly detail?: string;
}

export function describeEntry({ at, actor, event }: TimelineEntry): DescribedEntry {
  const [what, detail] = describeEvent(event);
  return { at, what, ...(actor !== undefined && { actor }), ...(detail !== undefined && { detail }) };
}

function describeEvent(event: TimelineEvent): readonly [what: string, detail?: string | undefined] {
  switch (event.code) {
    case 'opened':
      return ['case opened', describeGroups(event.groups)];
    case 'violation': {
      const { eventType, behavior, aheadSeconds } = event;
      const claim =
        aheadSeconds === undefined
          ? ''
          : `; dated ${aheadSeconds} s ahead by its sender, so it counts from its arrival`;
      return [describeAlarm(eventType), `${nameFinding(behavior)}${describeTold(event)}${claim}`];
    }
    case 'events-folded':
      return [
        'no more events are listed',
        `after ${event.rows} rows, alarms, clears and connects are counted until the case is closed`,
      ];
    case 'foreign-clear':
      return ['clear ignored', describeForeignClear(event.behavior)];
    case 'command': {
      const { command, comment, askedBy } = event;
      return [
        describeOrder(command),
        askedBy ? `asked for by ${askedBy}${comment ? `; ${comment}` : ''}` : comment,
      ];
    }
    case 'requested':
      return [`${nameOrder(event.action)} asked for`, describeReason(event)];
    case 'comment':
      return ['comment', event.comment];
    case 'assigned':
      return [event.to === undefined ? 'assigned to nobody' : `assigned to ${event.to}`, event.comment];
    case 'command-refused':
      return [`${nameOrder(event.command)} refused`, describeRefusal(event.refusal)];
    case 'rejected':
      return ['rejected', event.comment];
    case 'playbook-renamed':
      return [
        'another playbook',
        `${event.from ? `playbook ${event.from}` : 'its playbook'} is no longer in cordon.yml; ${event.to} takes its place`,
      ];
    case 'judged-again':
      return ['decided again', 'the kill switch is off'];
    case 'planned': {
      const until = event.until ? `, ${event.until} until the denial has spread` : '';
      const impossible = event.impossible.map((action) => ` (${descriptorOf(action).obstacle?.words})`);
      return ['containment planned', `${event.actions.join(', ')}${until}${impossible.join('')}`];
    }
    case 'backup-planned': {
      const { backup } = descriptorOf(event.action);
      const why = describeAll(event.detail) ?? 'refused';
      return backup
        ? [`${backup.action} planned`, `${backup.words.reason} (${why})`]
        : [`a backup of ${event.action} planned`, why];
    }
    case 'step':
      return [describeStep(event), describeAll(event.detail)];
    case 'contained':
      return ['contained', describeAllNews([{ code: 'denied' }, ...event.strength])];
    case 'status':
      return [describeStatus(event.status), describeReason(event.reason)];
    case 'approval-expired':
      return ['approval expired', describeReason(event.reason)];
    case 'drift':
      return ['found in the quarantine group', describeReason(event)];
    case 'reconnected':
      return ['reconnected before the denial had spread, and cut again', event.clientId];
    case 'other-client-id':
      return ['connects under another client id too', event.clientId];
    case 'certificate':
      return [describeCertificate(event), describeCovered(event)];
    case 'not-held':
      return [describeNotHeld(event.principals)];
    case 'time-release':
      return ['release', event.rule && `cordon.yml releases ${writeRelease(event.rule)}`];
    case 'closed': {
      const reason = describeReason(event.reason);
      return [
        'case closed',
        event.folded ? `${reason}; ${event.folded} alarms, clears and connects are not listed` : reason,
      ];
    }
    case 'text':
      return [event.what, event.detail];
  }
}

function describeGroups(groups: readonly string[] | undefined): string {
  if (!groups) return 'thing groups unknown';
  return groups.length > 0 ? `in thing groups ${groups.join(', ')}` : 'in no thing group';
}

/** `: 1 child process of myapp`; as it is if it was cut. */
function describeTold({ metric, value }: Extract<TimelineEvent, { code: 'violation' }>): string {
  const parsed = parseJson(value);
  if (typeof parsed !== 'object' || parsed === null) return ` ${value}`;
  const told: Readonly<Record<string, unknown>> = { ...parsed };
  // The case wrote it of the value that the alert had.
  if (metric !== undefined) return `: ${describeValue(metric, told as MetricValue)}`;
  const { title, reason, severity, product } = told;
  const words = [title ?? reason, severity, product].filter((one) => typeof one === 'string' && one !== '');
  return words.length > 0 ? `: ${words.join(', ')}` : ` ${value}`;
}
