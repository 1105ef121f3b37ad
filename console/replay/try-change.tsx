import { useEffect, useRef, useState } from 'preact/hooks';
import type { FleetAnswer, RulesAnswer } from '../../shared/api/stack';
import { ApiError } from '../api/client';
import { useClient } from '../api/live';
import { Fault as FaultText } from '../parts/form';
import { writeNumber } from '../words/violation';
import { OutcomePanel } from './outcome';
import type { Fault, Outcome, Progress } from './run';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly progress?: Progress; readonly abort: AbortController }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'done'; readonly outcome: Outcome; readonly of: string };

const weekMs = 7 * 86_400_000;

/** Kept while the page is open, so that a look at a case loses nothing. */
let draft: { readonly of: string; readonly text: string } | undefined;

/** A copy of cordon.yml to edit, and what it would have done with the last seven days. Changes nothing. */
export function TryChange({ source }: { readonly source: RulesAnswer['source'] }) {
  const client = useClient();
  const [text, setText] = useState(draft?.of === source.text ? draft.text : source.text);
  const [state, setState] = useState<State>({ kind: 'idle' });
  const editor = useRef<HTMLTextAreaElement>(null);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const edit = (next: string) => {
    draft = { of: source.text, text: next };
    setText(next);
  };
  const run = async (event: Event) => {
    event.preventDefault();
    const abort = new AbortController();
    running.current = abort;
    const showProgress = (progress: Progress) => setState({ kind: 'running', progress, abort });
    setState({ kind: 'running', abort });
    try {
      const [{ replayChange }, { things }] = await Promise.all([
        import('./run'),
        client.get<FleetAnswer>('/fleet'),
      ]);
      const change = { source, text, since: Date.now() - weekMs, fleetSize: things };
      const answer = await replayChange(client, change, abort.signal, showProgress);
      setState('faults' in answer ? { kind: 'faults', ...answer } : { kind: 'done', ...answer, of: text });
    } catch (error) {
      if (abort.signal.aborted) return setState({ kind: 'idle' });
      const why = error instanceof ApiError ? error.message : `The replay failed: ${String(error)}`;
      setState({ kind: 'failed', why });
    }
  };
  const isChanged = text !== source.text;
  const isRunning = state.kind === 'running';
  return (
    <section class="panel try-change" aria-labelledby="try-change">
      <h2 id="try-change">Try a change</h2>
      <p class="quiet">
        Edit this copy of the deployed <span class="code">cordon.yml</span> and see what it would have done
        with the cases of the last seven days. This changes nothing: to put it in force, change the file and
        deploy it.
      </p>
      <form onSubmit={run}>
        <label class="field">
          Copy of cordon.yml{isChanged && ', edited'}
          <textarea
            ref={editor}
            class="code"
            rows={18}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            wrap="off"
            value={text}
            aria-invalid={state.kind === 'faults'}
            aria-describedby={state.kind === 'faults' ? 'faults' : undefined}
            onInput={({ currentTarget }) => edit(currentTarget.value)}
          />
        </label>
        {state.kind === 'faults' && (
          <Faults faults={state.faults} onShow={(line) => editor.current && showLine(editor.current, line)} />
        )}
        <FaultText>{state.kind === 'failed' && state.why}</FaultText>
        <footer>
          {isRunning ? (
            <>
              <Running progress={state.progress} />
              <button type="button" onClick={() => state.abort.abort()}>
                Cancel
              </button>
            </>
          ) : (
            <>
              <button type="submit" class="primary">
                Replay the last seven days
              </button>
              <button type="button" disabled={!isChanged} onClick={() => edit(source.text)}>
                Undo the edits
              </button>
            </>
          )}
        </footer>
      </form>
      {state.kind === 'done' && <OutcomePanel outcome={state.outcome} isOld={state.of !== text} />}
    </section>
  );
}

interface FaultsProps {
  readonly faults: readonly Fault[];
  readonly onShow: (line: number) => void;
}

function Faults({ faults, onShow }: FaultsProps) {
  return (
    <div class="callout tone-danger" role="alert" id="faults">
      <p>
        <strong>This file would not be deployed.</strong>
      </p>
      <ul class="faults">
        {faults.map(({ line, text }) => (
          <li key={`${line} ${text}`}>
            {line > 0 && (
              <button type="button" class="link" onClick={() => onShow(line)}>
                Line {line}
              </button>
            )}{' '}
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Running({ progress }: { readonly progress: Progress | undefined }) {
  const isReplaying = progress?.stage === 'replaying';
  const words = !progress
    ? 'Checking the file…'
    : isReplaying
      ? 'Replaying…'
      : `Reading cases: ${writeNumber(progress.cases)}`;
  return (
    <div class="running">
      <span role="status">{words}</span>
      {isReplaying ? (
        <progress aria-label="Replayed" value={progress.done} max={progress.of} />
      ) : (
        <progress aria-label="Reading" />
      )}
    </div>
  );
}

/** Selects a line and brings it into view. */
function showLine(editor: HTMLTextAreaElement, line: number): void {
  const lines = editor.value.split('\n');
  const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  editor.focus();
  editor.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
  editor.scrollTop = (editor.scrollHeight / lines.length) * Math.max(0, line - 6);
}
