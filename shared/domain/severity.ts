/** The severities of findings and cases, the most severe first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;

export type Severity = (typeof severities)[number];

/** Negative if the first is the milder. */
export function compareSeverity(one: Severity, other: Severity): number {
  return severities.indexOf(other) - severities.indexOf(one);
}
