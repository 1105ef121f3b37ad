import type { ActionsBlock, Button, ConfirmationDialog, PlainTextElement } from '@slack/web-api';
import {
  listOffered,
  type OperatorAction,
  operatorActionDescriptors,
  operatorActions,
} from '../../../../shared/domain/decide/operator-actions';
import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import { nameFinding } from '../../../../shared/domain/messages/describe-value';
import { clip, isRegistryName } from '../../../../shared/domain/text';

type Case = Pick<Announcement, 'status' | 'thingName' | 'caseId' | 'inAlarm' | 'request'>;

/** The operator actions that a message offers for its case. */
export function listActions({ status, thingName, caseId, request }: Case): readonly OperatorAction[] {
  // A button needs a valid thing name.
  if (!isRegistryName(thingName) || !isRegistryName(caseId)) return [];
  const offered = listOffered(status);
  if (!request) return offered;
  // Buttons that confirm or withdraw an order.
  const asked = status === 'awaiting-approval' ? 'approve' : request.action;
  const more = [...operatorActions.filter((act) => act === asked), 'reject' as const];
  return [...more, ...offered.filter((act) => !more.includes(act))];
}

/** The buttons of a case; each carries the case's id, so that an old message does nothing in a newer one. */
export function writeButtons(announced: Case): ActionsBlock[] {
  const elements = listActions(announced).map((action) => writeButton(action, announced));
  return elements.length > 0 ? [{ type: 'actions', block_id: 'acts', elements }] : [];
}

function writeButton(action: OperatorAction, { thingName, caseId, inAlarm = [], request }: Case): Button {
  const label = capitalize(action);
  const { consequence, emphasis } = operatorActionDescriptors[action];
  // The person who confirms has read the warning, so the release is forced.
  const isWarned = action === 'release' && inAlarm.length > 0;
  // A second person confirms the exact request.
  const isAsked = request?.action === (action === 'approve' ? 'contain' : action);
  const { force = isWarned || undefined, actions } = (isAsked && request) || {};
  const warning = isWarned
    ? ` ${clip(inAlarm.map(nameFinding).join(', '), 80)} was still in alarm when this was written: it may be contained again at once.`
    : '';
  return {
    type: 'button',
    // operate's routes are named alike.
    action_id: action,
    text: plain(label),
    value: JSON.stringify({ thing: thingName, caseId, ...(force && { force }), ...(actions && { actions }) }),
    ...(emphasis && { style: emphasis === 'dangerous' ? 'danger' : 'primary' }),
    confirm: writeDialog(
      label,
      clip(`${thingName} ${consequence}${warning}${isAsked ? ` ${describeAsked(request)}` : ''}`, 300),
    ),
  };
}

/** For the one who confirms it, and for the one who asked, whose press is refused. */
export function describeAsked({
  action,
  actor,
  expires,
  force,
  actions,
}: NonNullable<Case['request']>): string {
  const what = [action, ...(actions ?? []), ...(force ? ['by force'] : [])].join(' ');
  return `${clip(actor, 60)} asked for it (${what}); somebody else has to press this until ${new Date(expires).toISOString().slice(0, 16)}Z.`;
}

function writeDialog(label: string, text: string): ConfirmationDialog {
  return { title: plain(`${label}?`), text: plain(text), confirm: plain(label), deny: plain('Cancel') };
}

function plain(text: string): PlainTextElement {
  return { type: 'plain_text', text, emoji: false };
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
