import { useState } from 'preact/hooks';
import { ApiError, thingPath } from '../api/client';
import { hurry, useClient } from '../api/live';
import type { CaseGroup, CommandAnswer, ListedCase } from '../api/types';
import { Dialog } from '../parts/dialog';
import { tell } from '../parts/toasts';
import { actWords } from './words';

/** Acts that make sense for many at once. */
export type BulkAct = 'approve' | 'reject' | 'release' | 'dismiss';

export type BulkScope =
  | { readonly kind: 'cases'; readonly act: BulkAct; readonly cases: readonly ListedCase[] }
  | { readonly kind: 'group'; readonly act: BulkAct; readonly group: CaseGroup };

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
  const [progress, setProgress] = useState<number>();
  const { act } = scope;
  const count = scope.kind === 'cases' ? scope.cases.length : scope.group.cases;
  const names = scope.kind === 'cases' ? scope.cases.map(({ thingName }) => thingName) : scope.group.things;
  const { label, sent } = actWords[act];

  const send = async (event: Event) => {
    event.preventDefault();
    if (scope.kind !== 'cases') return;
    const faults: string[] = [];
    for (const [index, { thingName, caseId }] of scope.cases.entries()) {
      setProgress(index);
      try {
        const body = { caseId, ...(comment !== '' && { comment }) };
        await client.post<CommandAnswer>(`/things/${thingPath(thingName)}/${act}`, body);
      } catch (error) {
        faults.push(`${thingName}: ${error instanceof ApiError ? error.message : 'not sent'}`);
      }
    }
    hurry();
    const done = scope.cases.length - faults.length;
    if (done > 0) tell('good', `${sent} of ${done} ${done === 1 ? 'thing is' : 'things is'} sent.`);
    if (faults.length > 0) tell('danger', `${faults.length} refused. ${faults.slice(0, 3).join(' ')}`);
    onSent();
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
        <label class="field">
          Comment, for each timeline
          <textarea
            rows={2}
            maxLength={1_000}
            value={comment}
            onInput={({ currentTarget }) => setComment(currentTarget.value)}
          />
        </label>
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
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={act === 'approve' ? 'primary danger' : 'primary'}
            disabled={progress !== undefined || typed !== String(count)}
          >
            {progress === undefined ? `${label} ${count}` : `Sending ${progress + 1} of ${count}…`}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
