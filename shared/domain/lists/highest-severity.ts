import type { Severity } from '../configuration';
import { compareSeverity } from '../guards/find-playbook';

export function findHighestSeverity(cases: readonly { readonly severity: Severity }[]): Severity {
  return cases.reduce<Severity>(
    (highest, { severity }) => (compareSeverity(severity, highest) > 0 ? severity : highest),
    'low',
  );
}
