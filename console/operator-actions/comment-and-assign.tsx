import { useState } from 'preact/hooks';
import { useClient } from '../api/live';
import type { CaseAnswer } from '../api/types';
import { useShortcuts } from '../keyboard/shortcuts';
import { CommentField, Fault } from '../parts/form';
import { showToast } from '../parts/toasts';
import { shortenActor } from '../words/actor';
import { sendCommand } from './send';

/** A comment for the timeline. */
export function CommentBox({ record: { thingName, caseId, acts } }: { readonly record: CaseAnswer }) {
  const client = useClient();
  const [comment, setComment] = useState('');
  const [fault, setFault] = useState<string>();
  if (!acts.includes('comment')) return null;
  const send = async (event: Event) => {
    event.preventDefault();
    const refused = await sendCommand(client, 'comment', thingName, { caseId, comment });
    setFault(refused);
    if (refused === undefined) setComment('');
  };
  return (
    <form class="comment-box" onSubmit={send}>
      <CommentField label="Comment" value={comment} onInput={setComment} />
      <Fault>{fault}</Fault>
      <button type="submit" disabled={comment.trim() === ''}>
        Add the comment
      </button>
    </form>
  );
}

/** The assignee of the case: one key takes it. */
export function Assignee({ record, hasRight }: { readonly record: CaseAnswer; readonly hasRight: boolean }) {
  const client = useClient();
  const { thingName, caseId, acts, assignee } = record;
  const canAssign = hasRight && acts.includes('assign');
  const assign = async (body: object) => {
    const refused = await sendCommand(client, 'assign', thingName, { caseId, ...body });
    if (refused !== undefined) showToast('danger', refused);
  };
  useShortcuts(canAssign ? [{ keys: 'i', does: 'Take this case', run: () => void assign({}) }] : []);
  return (
    <>
      <span title={assignee}>{assignee ? `Assigned: ${shortenActor(assignee)}` : 'Nobody is assigned'}</span>
      {canAssign && (
        <button type="button" class="link" aria-keyshortcuts="i" onClick={() => void assign({})}>
          {assignee ? 'Take it over' : 'Take it'}
        </button>
      )}
      {canAssign && assignee && (
        <button type="button" class="link" onClick={() => void assign({ assignee: null })}>
          Let go
        </button>
      )}
    </>
  );
}
