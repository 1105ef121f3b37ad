import type { RulesAnswer } from '../../shared/api/stack';
import { useLive } from '../api/live';
import { Pending } from '../parts/notice';
import { useSteady } from '../parts/steady';
import { TryChange } from '../replay/try-change';
import { splitRules } from '../words/rules';

/** cordon.yml in words: what is normal, and what happens otherwise. */
export function RulesView() {
  const live = useLive<RulesAnswer>('/rules', 60_000);
  const rules = useSteady(live.value, 'rules');
  return (
    <section class="view">
      <h1>Rules</h1>
      <p class="quiet">
        What the deployed <span class="code">cordon.yml</span> says is normal, and what happens otherwise.
      </p>
      {!rules ? (
        <Pending live={live} what="rules" />
      ) : (
        <>
          {splitRules(rules.words).map(({ title, lines }) => (
            <section class="panel" key={title}>
              <h2>{title}</h2>
              <ul class="rules">
                {lines.map(({ text, isInner }) => (
                  <li key={text} class={isInner ? 'inner' : ''}>
                    {text}
                  </li>
                ))}
              </ul>
            </section>
          ))}
          <TryChange source={rules.source} />
        </>
      )}
    </section>
  );
}
