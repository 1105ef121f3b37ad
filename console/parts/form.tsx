import type { ComponentChildren } from 'preact';

/** A comment; the API accepts 1,000 characters. */
export function CommentField({
  label,
  value,
  onInput,
}: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (comment: string) => void;
}) {
  return (
    <label class="field">
      {label}
      <textarea
        rows={2}
        maxLength={1_000}
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </label>
  );
}

/** The reason why something was not done. */
export function Fault({ children }: { readonly children: ComponentChildren }) {
  if (!children) return null;
  return (
    <p class="callout tone-danger" role="alert">
      {children}
    </p>
  );
}
