import type { FactsAnswer } from '../api/types';
import { Groups } from './groups';

/** What AWS returns about the thing. */
export function ThingFacts({ facts }: { readonly facts: FactsAnswer | undefined }) {
  if (!facts) return null;
  if (facts.kind === 'unavailable')
    return (
      <section class="panel">
        <h2>In the registry</h2>
        <p class="callout tone-warning">It could not be looked up: {facts.reason}</p>
      </section>
    );
  const { registered, thingTypeName, groups = [], attributes = {}, principals = [] } = facts;
  return (
    <section class="panel">
      <h2>In the registry</h2>
      <p class="quiet">As Cordon last looked it up for a case.</p>
      {registered === false && <p class="callout tone-warning">The thing is not registered.</p>}
      <dl class="pairs">
        {thingTypeName && (
          <div>
            <dt>Type</dt>
            <dd>{thingTypeName}</dd>
          </div>
        )}
        <div>
          <dt>Groups</dt>
          <dd>
            <Groups groups={groups} />
          </dd>
        </div>
        {Object.entries(attributes).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {principals.map(({ certificateId, policies, sharedWith, status }) => (
          <div key={certificateId}>
            <dt>Certificate</dt>
            <dd>
              <span class="code" title={certificateId}>
                {certificateId.slice(0, 12)}…
              </span>{' '}
              {status}
              <br />
              {writePolicies(policies)}
              {sharedWith.length > 0 && (
                <>
                  <br />
                  shared with {sharedWith.join(', ')}
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function writePolicies(policies: readonly string[]): string {
  if (policies.length === 0) return 'no policy';
  return `${policies.length === 1 ? 'policy' : 'policies'} ${policies.join(', ')}`;
}
