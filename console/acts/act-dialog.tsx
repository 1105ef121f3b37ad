import { useState } from 'preact/hooks';
import type { PossibleAct, Restoration } from '../../shared/api/answers';
import { ApiError, thingPath } from '../api/client';
import { hurry, useClient } from '../api/live';
import type { CommandAnswer } from '../api/types';
import { Changes } from '../parts/changes';
import { Dialog } from '../parts/dialog';
import { tell } from '../parts/toasts';
import { followCommand } from './follow';
import { actWords } from './words';

interface ActDialogProps {
  readonly act: PossibleAct;
  readonly thingName: string;
  readonly caseId: string;
  readonly restores?: readonly Restoration[];
  readonly onClose: () => void;
}

/** Says what an act does, takes a comment, and sends it. What cuts a device off, or opens one in alarm, is typed. */
export function ActDialog({ act, thingName, caseId, restores, onClose }: ActDialogProps) {
  const client = useClient();
  const [comment, setComment] = useState('');
  const [isForced, setIsForced] = useState(false);
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState<string>();
  const [isSending, setIsSending] = useState(false);
  const { label, sent } = actWords[act.action];
  const mustType = act.emphasis === 'dangerous' || act.warning !== undefined || isForced;

  const send = async (event: Event) => {
    event.preventDefault();
    setIsSending(true);
    setFault(undefined);
    try {
      const body = { caseId, ...(comment !== '' && { comment }), ...(isForced && { force: true }) };
      const path = `/things/${thingPath(thingName)}/${act.action}`;
      const { commandId } = await client.post<CommandAnswer>(
        path,
        act.action === 'contain' ? withoutCase(body) : body,
      );
      tell('good', `${sent} of ${thingName} is sent.`);
      hurry();
      void followCommand(client, thingName, commandId);
      onClose();
    } catch (error) {
      setFault(error instanceof ApiError ? error.message : 'The command could not be sent.');
      setIsSending(false);
    }
  };

  return (
    <Dialog title={`${label} ${thingName}`} onClose={onClose}>
      <form onSubmit={send}>
        <p>
          <b>{thingName}</b> {act.consequence}
        </p>
        {act.action === 'release' && restores && restores.length > 0 && <Changes restores={restores} />}
        {act.warning && <p class="callout tone-warning">{capitalize(act.warning)}.</p>}
        <label class="field">
          Comment, for the timeline
          <textarea
            rows={2}
            maxLength={1_000}
            value={comment}
            onInput={({ currentTarget }) => setComment(currentTarget.value)}
          />
        </label>
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
        {fault && (
          <p class="callout tone-danger" role="alert">
            {fault}
          </p>
        )}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={act.emphasis === 'dangerous' || act.action === 'approve' ? 'primary danger' : 'primary'}
            disabled={isSending || (mustType && typed !== thingName)}
          >
            {label}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** A thing without an open case has no case to bind the command to. */
function withoutCase<T extends { readonly caseId?: string }>({
  caseId: _caseId,
  ...body
}: T): Omit<T, 'caseId'> {
  return body;
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
