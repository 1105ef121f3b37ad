import type { ActionsBlock, Button, ConfirmationDialog, PlainTextElement } from '@slack/web-api';
import {
  listOffered,
  type OperatorAction,
  operatorActionDescriptors,
} from '../../../../shared/domain/decide/operator-actions';
import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import { clip, isRegistryName } from '../../../../shared/domain/text';

type Case = Pick<Announcement, 'status' | 'thingName' | 'caseId' | 'inAlarm'>;

/** What may be done with a case as it was announced. */
export function listActions({ status, thingName, caseId }: Case): readonly OperatorAction[] {
  // A button needs a valid thing name.
  return isRegistryName(thingName) && isRegistryName(caseId) ? listOffered(status) : [];
}

/** The buttons of a case; each carries the case's id, so that an old message does nothing in a newer one. */
export function writeButtons(announced: Case): ActionsBlock[] {
  const elements = listActions(announced).map((action) => writeButton(action, announced));
  return elements.length > 0 ? [{ type: 'actions', block_id: 'acts', elements }] : [];
}

function writeButton(action: OperatorAction, { thingName, caseId, inAlarm = [] }: Case): Button {
  const label = capitalize(action);
  const { consequence, emphasis } = operatorActionDescriptors[action];
  // Whoever confirms has read the warning, so the release is forced.
  const isWarned = action === 'release' && inAlarm.length > 0;
  const warning = isWarned
    ? ` ${clip(inAlarm.join(', '), 80)} was still in alarm when this was written: it may be contained again at once.`
    : '';
  return {
    type: 'button',
    // operate's routes are named alike.
    action_id: action,
    text: plain(label),
    value: JSON.stringify({ thing: thingName, caseId, ...(isWarned && { force: true }) }),
    ...(emphasis && { style: emphasis === 'dangerous' ? 'danger' : 'primary' }),
    confirm: writeDialog(label, `${thingName} ${consequence}${warning}`),
  };
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
