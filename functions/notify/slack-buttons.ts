import type { ActionsBlock, Button, ConfirmationDialog, PlainTextElement } from '@slack/web-api';
import type { Announcement } from '../../shared/domain/announcement';
import type { Act } from '../../shared/domain/command';
import { clip, isRegistryName } from '../../shared/domain/names';

/** What an operator may do in a status. A thing that is held is released first: it can't be dismissed. */
const actsOf: Readonly<Record<string, readonly Act[]>> = {
  'awaiting-approval': ['approve', 'reject'],
  observed: ['contain', 'dismiss'],
  containing: ['release'],
  contained: ['release'],
  'containment-failed': ['release'],
  'release-conflict': ['release', 'dismiss'],
};

/** What happens, for the dialog that asks whether it is meant. */
const consequences: Readonly<Record<Act, string>> = {
  approve: 'is contained now: cut off from all but the kept topics.',
  contain: 'is contained now: cut off from all but the kept topics.',
  reject: 'is not contained in this case. The violation stays on record.',
  release: 'gets back what it had before the containment.',
  dismiss: 'has its case closed as a false positive. What a release left in conflict stays as it is.',
};

type Case = Pick<Announcement, 'status' | 'thingName' | 'caseId' | 'inAlarm'>;

/** What may be done with a case as it was announced. */
export function listActs({ status, thingName, caseId }: Case): readonly Act[] {
  // What isn't a name could be no one's button.
  if (!isRegistryName(thingName) || !isRegistryName(caseId)) return [];
  return Object.hasOwn(actsOf, status) ? (actsOf[status] ?? []) : [];
}

/** The buttons of a case; each carries the case's id, so that an old message does nothing in a newer one. */
export function writeButtons(announced: Case): ActionsBlock[] {
  const elements = listActs(announced).map((act) => writeButton(act, announced));
  return elements.length > 0 ? [{ type: 'actions', block_id: 'acts', elements }] : [];
}

function writeButton(act: Act, { thingName, caseId, inAlarm = [] }: Case): Button {
  const label = capitalize(act);
  // Whoever confirms has read the warning, so the release is forced.
  const isWarned = act === 'release' && inAlarm.length > 0;
  const warning = isWarned
    ? ` ${clip(inAlarm.join(', '), 80)} was still in alarm when this was written: it may be contained again at once.`
    : '';
  return {
    type: 'button',
    // operate's routes are named alike.
    action_id: act,
    text: plain(label),
    value: JSON.stringify({ thing: thingName, caseId, ...(isWarned && { force: true }) }),
    ...(act === 'approve' && { style: 'primary' }),
    ...(act === 'contain' && { style: 'danger' }),
    confirm: writeDialog(label, `${thingName} ${consequences[act]}${warning}`),
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

/** Where there are no buttons: the same by the command line. */
export function writeCliCommands(announced: Case): string[] {
  return listActs(announced).map((act) => `npx cordon ${act} ${announced.thingName}`);
}
