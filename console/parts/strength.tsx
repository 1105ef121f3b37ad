import type { CaseAnswer } from '../api/types';
import { writeLedgerState, writeStrength } from '../words/proof';

/** The actions that hold the thing, and whether they are verified. */
export function Strength({
  record: { ledger, leftOut = [], strength = [] },
}: {
  readonly record: CaseAnswer;
}) {
  if (ledger.length === 0) return null;
  return (
    <section class="panel">
      <h2>How strong it is</h2>
      <p>{writeStrength(ledger)}</p>
      <ul class="proofs" aria-label="Actions, with their proof">
        {ledger.map((entry) => {
          const { word, tone } = writeLedgerState(entry);
          return (
            <li key={entry.action}>
              <b class="code">{entry.action}</b> <span class={`tag tone-${tone}`}>{word}</span>
              {entry.detail && <p>{entry.detail}</p>}
              {entry.left?.map((one) => (
                <p key={one}>Not as it was: {one}</p>
              ))}
            </li>
          );
        })}
      </ul>
      {[...strength, ...leftOut].map((one) => (
        <p key={one} class="callout tone-warning">
          {one}
        </p>
      ))}
    </section>
  );
}
