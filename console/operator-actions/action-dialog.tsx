import { useState } from 'preact/hooks';
import type { PossibleAction, Restoration } from '../../shared/api/case';
import type { MeAnswer } from '../../shared/api/stack';
import { useClient } from '../api/live';
import type { PersonRequest } from '../api/types';
import { Changes } from '../parts/changes';
import { Dialog } from '../parts/dialog';
import { CommentField, Fault } from '../parts/form';
import { actionWords } from '../words/operator-actions';
import { HardenChoice } from './harden-choice';
import { sendCommand } from './send';

interface ActionDialogProps {
  readonly act: PossibleAction;
  readonly thingName: string;
  readonly caseId: string;
  /** What `harden` can add: actions that do not hold the thing yet. */
  readonly additions: MeAnswer['additions'];
  readonly restores: readonly Restoration[];
  /** The request that this action confirms. */
  readonly request?: PersonRequest;
  readonly onClose: () => void;
}

/**
 * Shows what an operator action does, asks for a comment, and sends it. The operator types the thing's name for an
 * action that cuts a device off, or releases one in alarm.
 */
export function ActionDialog({
  act,
  thingName,
  caseId,
  additions,
  restores,
  request,
  onClose,
}: ActionDialogProps) {
  const client = useClient();
  const [comment, setComment] = useState('');
  const [isForced, setIsForced] = useState(request?.force ?? false);
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState<string>();
  const [added, setAdded] = useState<readonly string[]>(request?.actions ?? []);
  const [isSending, setIsSending] = useState(false);
  const { label } = actionWords[act.action];
  const mustType = act.emphasis === 'dangerous' || act.warning !== undefined || isForced;

  const send = async (event: Event) => {
    event.preventDefault();
    setIsSending(true);
    const refused = await sendCommand(client, act.action, thingName, {
      // A thing without an open case has no case to bind the command to.
      ...(act.action !== 'contain' && { caseId }),
      ...(comment !== '' && { comment }),
      ...(isForced && { force: true }),
      ...(act.action === 'harden' && { actions: added }),
    });
    setFault(refused);
    setIsSending(false);
    if (refused === undefined) onClose();
  };

  return (
    <Dialog title={`${label} ${thingName}`} onClose={onClose}>
      <form onSubmit={send}>
        <p>
          <b>{thingName}</b> {act.consequence}
        </p>
        {act.action === 'release' && restores.length > 0 && <Changes restores={restores} />}
        {act.action === 'harden' && <HardenChoice additions={additions} chosen={added} onChoose={setAdded} />}
        {act.warning && <p class="callout tone-warning">{capitalize(act.warning)}.</p>}
        <CommentField label="Comment, for the timeline" value={comment} onInput={setComment} />
        {act.forcible && (
          <label class="check">
            <input
              type="checkbox"
              checked={isForced}
              onChange={({ currentTarget }) => setIsForced(currentTarget.checked)}
            />
            {label} {act.forcible}
          </label>
        )}
        {mustType && <TypedName name={thingName} onInput={setTyped} />}
        <Fault>{fault}</Fault>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={act.emphasis === 'dangerous' || act.action === 'approve' ? 'primary danger' : 'primary'}
            disabled={
              isSending ||
              (mustType && typed !== thingName) ||
              (act.action === 'harden' && added.length === 0)
            }
          >
            {label}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function TypedName({ name, onInput }: { readonly name: string; readonly onInput: (typed: string) => void }) {
  return (
    <label class="field">
      <span>
        Type <b class="code">{name}</b> to confirm
      </span>
      <input
        type="text"
        autoComplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </label>
  );
}

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
