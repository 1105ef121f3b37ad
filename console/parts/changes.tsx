import type { Restoration } from '../../shared/api/case';

/** What a release would restore, as a diff: what is there now, and what was there before. */
export function Changes({ restores }: { readonly restores: readonly Restoration[] }) {
  return (
    <table class="changes">
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Now</th>
          <th scope="col">After a release</th>
        </tr>
      </thead>
      <tbody>
        {restores.map(({ action, object, name, now, before }) => (
          <tr key={`${action} ${object} ${name}`}>
            <th scope="row">
              {object} <span class="code">{shorten(name)}</span>
            </th>
            <td data-label="Now">
              <del>{now}</del>
            </td>
            <td data-label="After a release">
              <ins>{before}</ins>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A certificate's id has 64 characters: people tell them apart by the first. */
function shorten(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? `${name.slice(0, 12)}…` : name;
}
