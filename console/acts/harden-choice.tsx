/** Actions that can be added to a containment, with what each does. */
const additions: readonly { readonly action: string; readonly does: string }[] = [
  { action: 'disconnect', does: 'ends its session, again at each connect' },
  { action: 'deny-certificate', does: 'denies its certificates, whatever client id it uses' },
  {
    action: 'deactivate-certificate',
    does: 'makes its certificates inactive: it no longer receives anything',
  },
  { action: 'replace-policy-version', does: 'replaces its policies by one that denies' },
];

interface HardenChoiceProps {
  readonly held: readonly string[];
  readonly chosen: readonly string[];
  readonly onChoose: (actions: readonly string[]) => void;
}

export function HardenChoice({ held, chosen, onChoose }: HardenChoiceProps) {
  return (
    <fieldset class="field">
      <legend>Actions to add</legend>
      {additions
        .filter(({ action }) => !held.includes(action))
        .map(({ action, does }) => (
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
