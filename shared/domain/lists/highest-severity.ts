import type { Severity } from '../severity';
import { compareSeverity } from '../severity';

export function findHighestSeverity(cases: readonly { readonly severity: Severity }[]): Severity {
  return cases.reduce<Severity>(
    (highest, { severity }) => (compareSeverity(severity, highest) > 0 ? severity : highest),
    'low',
  );
}
