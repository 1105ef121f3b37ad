import { useState } from 'preact/hooks';
import type { BulkAnswer } from '../../shared/api/acts';
import { ApiError } from '../api/client';
import { hurry, useClient } from '../api/live';
import type { CaseGroup, ListedCase } from '../api/types';
import { Dialog } from '../parts/dialog';
import { CommentField, Fault } from '../parts/form';
import { tell } from '../parts/toasts';
import { actWords } from './words';

/** Acts that make sense for many at once. */
export type BulkAct = 'approve' | 'reject' | 'release' | 'dismiss';

export type BulkScope =
  | { readonly kind: 'cases'; readonly act: BulkAct; readonly cases: readonly ListedCase[] }
  | {
      readonly kind: 'group';
      readonly act: BulkAct;
      readonly group: CaseGroup;
      /** What the names of its things begin with, where the list has only those. */
      readonly thing: string;
    };

interface BulkDialogProps {
  readonly scope: BulkScope;
  readonly onClose: () => void;
  readonly onSent: () => void;
}

const consequences: Readonly<Record<BulkAct, string>> = {
  approve: 'Each is contained now: cut off from all but the kept topics.',
  reject: 'None is contained in this case. The violations stay on record.',
  release: 'Each gets back what it had before the containment.',
  dismiss: 'Their cases are closed as false positives.',
};

/** One act on many cases. Who types their number has read it. */
export function BulkDialog({ scope, onClose, onSent }: BulkDialogProps) {
  const client = useClient();
  const [comment, setComment] = useState('');
  const [typed, setTyped] = useState('');
  const [isSending, setIsSending] = useState(false);
  const [fault, setFault] = useState<string>();
  // The same key sends nothing twice, should the answer get lost.
  const [key] = useState<string>(crypto.randomUUID());
  const { act } = scope;
  const count = scope.kind === 'cases' ? scope.cases.length : scope.group.cases;
  const names = scope.kind === 'cases' ? scope.cases.map(({ thingName }) => thingName) : scope.group.things;
  const { label, sent } = actWords[act];

  const send = async (event: Event) => {
    event.preventDefault();
    setIsSending(true);
    setFault(undefined);
    try {
      const answer = await client.post<BulkAnswer>(`/bulk/${act}`, {
        ...select(scope),
        ...(comment !== '' && { comment }),
        ...{ expect: count, key },
      });
      hurry();
      if (answer.sent > 0) tell('good', `${sent} sent for ${answer.sent} of ${count} things.`);
      const others = answer.results.filter(({ result }) => result !== 'sent');
      const [first] = others;
      if (first)
        tell(
          'danger',
          `${others.length} not sent, such as ${first.thingName}: ${first.reason ?? first.result}`,
        );
      onSent();
    } catch (error) {
      setFault(error instanceof ApiError ? error.message : 'The commands could not be sent.');
      setIsSending(false);
      // Other cases match by now: the page behind shows which.
      hurry();
    }
  };

  return (
    <Dialog title={`${label} ${count} things`} onClose={onClose}>
      <form onSubmit={send}>
        <p>{consequences[act]}</p>
        <p class="names">
          {names.slice(0, 5).map((name) => (
            <span key={name} class="code">
              {name}
            </span>
          ))}
          {count > 5 && <span>and {count - Math.min(5, names.length)} more</span>}
        </p>
        <CommentField label="Comment, for each timeline" value={comment} onInput={setComment} />
        <label class="field">
          <span>
            Type <b class="code">{count}</b> to confirm the number
          </span>
          <input
            type="text"
            inputMode="numeric"
            autoComplete="off"
            onInput={({ currentTarget }) => setTyped(currentTarget.value.trim())}
          />
        </label>
        <Fault>{fault}</Fault>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={act === 'approve' ? 'primary danger' : 'primary'}
            disabled={isSending || typed !== String(count)}
          >
            {isSending ? 'Sending…' : `${label} ${count}`}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** What the API is to find: exactly the number that was typed, or it sends nothing. */
function select(scope: BulkScope) {
  if (scope.kind === 'cases')
    return { cases: scope.cases.map(({ thingName, caseId }) => ({ thingName, caseId })) };
  const { thing, group } = scope;
  return {
    filter: { status: [group.status], behaviors: group.behaviors, ...(thing !== '' && { thing }) },
  };
}
