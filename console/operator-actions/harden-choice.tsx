import type { MeAnswer } from '../../shared/api/stack';

interface HardenChoiceProps {
  readonly additions: MeAnswer['additions'];
  readonly chosen: readonly string[];
  readonly onChoose: (actions: readonly string[]) => void;
}

/** The actions that can be added to a containment, with what each does, as the API lists them. */
export function HardenChoice({ additions, chosen, onChoose }: HardenChoiceProps) {
  return (
    <fieldset class="field">
      <legend>Actions to add</legend>
      {additions.map(({ action, does }) => (
        <label key={action} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(action)}
            onChange={({ currentTarget }) =>
              onChoose(
                currentTarget.checked ? [...chosen, action] : chosen.filter((other) => other !== action),
              )
            }
          />
          <span>
            <b class="code">{action}</b>: {does}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
