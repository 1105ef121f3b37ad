import { printable } from '../../../../shared/domain/messages/announcement';
import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import { describeAction } from '../../../../shared/domain/messages/describe-action';
import {
  describeDecision,
  describeMessage,
  describeSeen,
  findRunbook,
  listNextCommands,
  titleOfMessage,
} from '../../../../shared/domain/messages/describe-state';
import { clip } from '../../../../shared/domain/text';
import { type Channel, ChannelRefusalError } from '../../delivery/channel';
import { post } from '../../delivery/post';
import { isSafeLink } from '../link';

export interface PagerDutyTarget {
  readonly secret: string;
  /** Base of the Events API, which the stack names itself. */
  readonly endpoint: string;
  readonly section?: { readonly region?: 'us' | 'eu' | undefined };
}

/** Whether an alert of the case may be open. */
export interface PagerDutyPlace {
  readonly open?: true;
}

export const nowhere: PagerDutyPlace = {};

const title = 'PagerDuty';

export function connectPagerDuty({ secret, endpoint, section }: PagerDutyTarget): Channel<PagerDutyPlace> {
  const base =
    section?.region === 'eu' ? endpoint.replace('//events.pagerduty', '//events.eu.pagerduty') : endpoint;
  const trusted = new URL(base).origin;
  return {
    async show(newest, { place, lastSeq, posting }, { call, willPost }) {
      if (!/^[A-Za-z0-9]{32}$/.test(secret))
        throw new ChannelRefusalError(title, 'its secret is not an integration key of 32 letters and digits');
      // A trigger whose answer was lost may have opened an alert.
      const events = listEvents(newest, place.open === true || lastSeq > 0 || posting === true);
      for (const event of events)
        await call(async () => {
          if (event.event_action === 'trigger') await willPost();
          const body = JSON.stringify({ routing_key: secret, ...event });
          return post({ title, trusted }, { url: new URL('v2/enqueue', base).href, body });
        });
      const last = events.at(-1)?.event_action;
      return { place: last === undefined || last === 'resolve' ? nowhere : { open: true } };
    },
  };
}

interface Event {
  readonly event_action: 'trigger' | 'acknowledge' | 'resolve';
  readonly dedup_key: string;
}

/**
 * A case that is only recorded, or over before it was announced, opens no alert. A trigger of an open alert adds to its
 * log. No trigger precedes a resolve, because it would wake people again if somebody has resolved the alert by hand.
 */
function listEvents(newest: Announcement, isKnown: boolean): Event[] {
  const { status, caseId, decided } = newest;
  const event = (event_action: Event['event_action']) => ({ event_action, dedup_key: clip(caseId, 255) });
  if (status === 'closed' || status === 'observed') return [event('resolve')].slice(isKnown ? 0 : 1);
  return [{ ...event('trigger'), ...writeAlert(newest) }, ...(decided ? [event('acknowledge')] : [])];
}

const severities = new Map([
  ['critical', 'critical'],
  ['high', 'error'],
  ['medium', 'warning'],
]);

/** Events API v2: 1,024 characters in a summary, 512 KB in all. */
const summaryMax = 1_024;
const detailMax = 5_000;

function writeAlert(newest: Announcement): object {
  const { text, severity, thingName, at, playbook, violations, evidence, actions, link } = newest;
  const lines = (rows: readonly string[]) => clip(rows.map(printable).join('\n'), detailMax);
  const one = (row: string | undefined, max = 500) => clip(printable(row ?? ''), max);
  return {
    payload: {
      summary: one(`${titleOfMessage(newest)}: ${text}`, summaryMax),
      source: one(thingName) || 'unnamed',
      severity: severities.get(severity) ?? 'info',
      timestamp: new Date(at).toISOString(),
      component: one(violations[0]?.behavior),
      group: 'cordon',
      class: one(describeMessage(newest)),
      custom_details: {
        text: one(text, detailMax),
        'what happened': lines(violations.map(describeSeen)),
        processes: lines(evidence),
        'what was done': lines(actions.map(describeAction)),
        decision: one(describeDecision(newest)),
        playbook: one(playbook),
        next: lines(listNextCommands(newest)),
        runbook: one(findRunbook(newest)),
      },
    },
    client: 'Cordon',
    ...(isSafeLink(link) && { client_url: link }),
  };
}
