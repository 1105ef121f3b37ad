import type { AgentAnswer } from '../api/types';
import { Ago } from './clock';

interface AgentHealthProps {
  readonly agent: AgentAnswer | undefined;
  /** The thing was read, so that no agent means that none ever reported. */
  readonly isKnown: boolean;
}

export function AgentHealth({ agent, isKnown }: AgentHealthProps) {
  if (!agent && !isKnown) return null;
  return (
    <section class="panel">
      <h2>Agent</h2>
      {!agent ? (
        <p class="quiet">No agent of this thing has reported.</p>
      ) : (
        <>
          <p>
            <span
              class={`tag tone-${agent.state === 'well' ? 'good' : agent.state === 'silent' ? 'danger' : 'warning'}`}
            >
              {agent.state}
            </span>{' '}
            last report <Ago at={agent.lastAt} />
          </p>
          <dl class="pairs">
            {agent.version && (
              <div>
                <dt>Version</dt>
                <dd>{agent.version}</dd>
              </div>
            )}
            {agent.limits && agent.limits.length > 0 && (
              <div>
                <dt>Can’t see</dt>
                <dd>{agent.limits.join('; ')}</dd>
              </div>
            )}
          </dl>
        </>
      )}
    </section>
  );
}
