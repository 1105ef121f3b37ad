import type { ThingAnswer } from '../../shared/api/thing';
import { writeDuration } from '../words/time';
import { Ago } from './clock';

interface Health {
  readonly version?: string;
  readonly mode?: string;
  readonly degraded?: readonly string[];
  readonly notes?: readonly string[];
  readonly restarts?: number;
  readonly spool?: number;
}

/** How well the agent sees, by its own word. */
export function AgentHealth({ agent }: { readonly agent: ThingAnswer['agent'] }) {
  if (!agent)
    return (
      <section class="panel">
        <h2>Agent</h2>
        <p class="quiet">No agent of this thing has reported.</p>
      </section>
    );
  const { heardAt, silentAt, intervalMs } = agent;
  const { version, mode, degraded = [], notes = [], restarts, spool } = (agent.health ?? {}) as Health;
  const tone = silentAt !== undefined ? 'danger' : degraded.length > 0 ? 'warning' : 'good';
  const word = { danger: 'silent', warning: 'degraded', good: 'healthy' }[tone];
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Version', version],
    ['Finds children', mode],
    ['Reports', intervalMs === undefined ? undefined : `every ${writeDuration(intervalMs)}`],
    ['Its view', agent.words],
    ['Says', notes.length === 0 ? undefined : notes.join('; ')],
    ['Restarts', restarts === undefined ? undefined : String(restarts)],
    ['Waiting reports', spool ? String(spool) : undefined],
  ];
  return (
    <section class="panel">
      <h2>Agent</h2>
      <p>
        <span class={`tag tone-${tone}`}>{word}</span> last report <Ago at={heardAt} />
      </p>
      <dl class="pairs">
        {rows.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}
