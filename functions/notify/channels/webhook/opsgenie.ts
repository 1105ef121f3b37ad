import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import {
  describeDecision,
  describeSeverity,
  listNextCommands,
  titleOfMessage,
  titleWithin,
} from '../../../../shared/domain/messages/describe-state';
import { clip } from '../../../../shared/domain/text';

/** A request below the URL of the alerts: `https://api.opsgenie.com/v2/alerts`. */
export interface Request {
  readonly path: string;
  readonly body: object;
  /** It may open an alert. */
  readonly opens?: true;
}

/** Limits of Opsgenie's alert API: 130 characters in a message, 15,000 in a description, 25,000 in a note. */
const messageMax = 130;
const descriptionMax = 15_000;
const noteMax = 25_000;

/**
 * One alert for each case, found by its alias. An alert's message can't be changed without its id, so later states are
 * notes. Each note also creates the alert again: Opsgenie only counts this while the alert is open, and a note on a
 * closed alert would be lost without an error. The end of a case creates no alert, because that would wake people for a
 * case that is over. A digest has no end.
 */
export function writeOpsgenie(newest: Announcement, isKnown: boolean): Request[] {
  const { status, caseId, kind } = newest;
  if (kind === 'digest') return [];
  const note = { note: clip(asText(`${titleOfMessage(newest)}\n${newest.text}`), noteMax), source: 'cordon' };
  const alert = `/${encodeURIComponent(caseId)}`;
  const by = '?identifierType=alias';
  if (status === 'closed') return [{ path: `${alert}/close${by}`, body: note }];
  const create = { path: '', body: writeAlert(newest), opens: true } as const;
  if (!isKnown) return [create];
  return [...(status === 'observed' ? [] : [create]), { path: `${alert}/notes${by}`, body: note }];
}

/** "HTML formatting for the message values is also supported" (Opsgenie, "Alerts and Alert Fields"): a device could write a link. */
function asText(text: string): string {
  return text.replaceAll('<', '‹').replaceAll('>', '›');
}

const priorities = new Map([
  ['critical', 'P1'],
  ['high', 'P2'],
  ['medium', 'P3'],
  ['low', 'P4'],
]);

function writeAlert(newest: Announcement): object {
  const { thingName, caseId, link, text, violations, evidence } = newest;
  const description = [
    text,
    ...violations.map(({ words, behavior }) => words ?? behavior),
    ...evidence,
    describeDecision(newest),
    ...listNextCommands(newest),
    link,
  ];
  return {
    message: asText(titleWithin(newest, messageMax)),
    alias: caseId,
    description: clip(asText(description.filter(Boolean).join('\n')), descriptionMax),
    entity: clip(thingName, 512),
    source: 'cordon',
    priority: priorities.get(describeSeverity(newest) ?? 'low') ?? 'P3',
    tags: ['cordon', ...(newest.drill ? ['drill'] : [])],
  };
}
