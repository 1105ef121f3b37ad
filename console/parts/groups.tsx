import { writeAddress } from '../words/choices';

/** Each leads to the cases of its things. */
export function Groups({ groups }: { readonly groups: readonly string[] }) {
  if (groups.length === 0) return <>none</>;
  return (
    <>
      {groups.map((group, index) => (
        <span key={group}>
          {index > 0 && ', '}
          <a href={writeAddress({ group })}>{group}</a>
        </span>
      ))}
    </>
  );
}
