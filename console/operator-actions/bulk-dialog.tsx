import { useState } from 'preact/hooks';
import type { BulkAnswer } from '../../shared/api/operator-actions';
import type { MeAnswer } from '../../shared/api/stack';
import { ApiError } from '../api/client';
import { hurry, useClient, useLive } from '../api/live';
import type { CaseGroup, ListedCase } from '../api/types';
import { Dialog } from '../parts/dialog';
import { CommentField, Fault } from '../parts/form';
import { showToast } from '../parts/toasts';
import { actionWords } from '../words/operator-actions';
import { type BulkAction, bulkWords } from './bulk';
import { HardenChoice } from './harden-choice';
import { createBulk } from './send-bulk';

export type BulkScope =
  | { readonly kind: 'cases'; readonly act: BulkAction; readonly cases: readonly ListedCase[] }
  | {
      readonly kind: 'group';
      readonly act: BulkAction;
      readonly group: CaseGroup;
      /** Where the list has only some of its cases. */
      readonly filter: Readonly<Record<string, string>>;
    };

interface BulkDialogProps {
  readonly scope: BulkScope;
  readonly onClose: () => void;
  readonly onSent: () => void;
}

/** Sends one operator action for many cases. The operator types their number, which shows that they have read it. */
export function BulkDialog({ scope, onClose, onSent }: BulkDialogProps) {
  const client = useClient();
  const me = useLive<MeAnswer>('/me', 300_000).value;
  const [comment, setComment] = useState('');
  const [typed, setTyped] = useState('');
  const [added, setAdded] = useState<readonly string[]>([]);
  const [isSending, setIsSending] = useState(false);
  const [done, setDone] = useState(0);
  const [fault, setFault] = useState<string>();
  const { act } = scope;
  const count = scope.kind === 'cases' ? scope.cases.length : scope.group.cases;
  const [bulk] = useState(() => createBulk(client, { act, count, cases: select(scope) }));
  const names = scope.kind === 'cases' ? scope.cases.map(({ thingName }) => thingName) : scope.group.things;
  const { sent } = actionWords[act];
  const { label, consequence, isHarmless } = bulkWords[act];
  const isComplete = (isHarmless || typed === String(count)) && (act !== 'harden' || added.length > 0);

  const send = async (event: Event) => {
    event.preventDefault();
    setIsSending(true);
    setFault(undefined);
    try {
      const order = { ...(comment !== '' && { comment }), ...(act === 'harden' && { actions: added }) };
      const results = await bulk.send(order, setDone);
      hurry();
      const others = results.filter(({ result }) => result !== 'sent');
      const sentCount = results.length - others.length;
      if (sentCount > 0)
        showToast('good', `${sent} sent for ${sentCount} of ${count} things.${writeWaiting(results)}`);
      const [first] = others;
      if (first)
        showToast(
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

  const writeButton = () => {
    if (isSending) return done > 0 ? `Sent ${done} of ${count}…` : 'Sending…';
    return done > 0 ? `Go on after ${done}` : `${label} ${count}`;
  };

  return (
    <Dialog title={`${label} ${count} ${isHarmless ? 'cases' : 'things'}`} onClose={onClose}>
      <form onSubmit={send}>
        <p>{consequence}</p>
        {act === 'harden' && (
          <HardenChoice additions={me?.additions ?? []} chosen={added} onChoose={setAdded} />
        )}
        <p class="names">
          {names.slice(0, 5).map((name) => (
            <span key={name} class="code">
              {name}
            </span>
          ))}
          {count > 5 && <span>and {count - Math.min(5, names.length)} more</span>}
        </p>
        {scope.kind === 'cases' && <OwnRequests act={act} cases={scope.cases} actor={me?.actor} />}
        <CommentField label="Comment, for each timeline" value={comment} onInput={setComment} />
        {!isHarmless && <TypedNumber count={count} onInput={setTyped} />}
        <Fault>{fault}</Fault>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={act === 'approve' || act === 'harden' ? 'primary danger' : 'primary'}
            disabled={isSending || !isComplete}
          >
            {writeButton()}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface OwnRequestsProps {
  readonly act: BulkAction;
  readonly cases: readonly ListedCase[];
  readonly actor: string | undefined;
}

/** A person can't confirm their own order, so the API refuses these. */
function OwnRequests({ act, cases, actor }: OwnRequestsProps) {
  const confirmed = act === 'approve' ? 'contain' : act;
  const own = cases.filter(({ request }) => request?.action === confirmed && request.actor === actor);
  if (own.length === 0) return null;
  return (
    <p class="callout tone-warning">You asked for {own.length} of these: somebody else has to confirm.</p>
  );
}

/** Says how many of the commands wait for a second person (guards.fourEyes). */
function writeWaiting(results: BulkAnswer['results']): string {
  const waiting = results.filter(({ secondPerson }) => secondPerson !== undefined).length;
  return waiting === 0 ? '' : ` ${waiting === 1 ? '1 waits' : `${waiting} wait`} for a second person.`;
}

function TypedNumber({
  count,
  onInput,
}: {
  readonly count: number;
  readonly onInput: (typed: string) => void;
}) {
  return (
    <label class="field">
      <span>
        Type <b class="code">{count}</b> to confirm the number
      </span>
      <input
        type="text"
        inputMode="numeric"
        autoComplete="off"
        onInput={({ currentTarget }) => onInput(currentTarget.value.trim())}
      />
    </label>
  );
}

/** The cases, or the query of their list. */
function select(scope: BulkScope) {
  if (scope.kind === 'cases') return scope.cases;
  const { group, filter } = scope;
  return { ...filter, status: group.status, behaviors: group.behaviors.join(',') };
}
