import type { Facts } from '../domain/facts';
import type { Finding } from '../domain/findings/finding';

export interface AssumedFacts {
  readonly factsOf: (thingName: string) => Facts;
  /** Number of things without a record. */
  readonly assumed: number;
}

/**
 * The facts about each thing: those that its case recorded. Otherwise, the thing is assumed to be registered, in no
 * group, without type and attributes, with one unshared certificate: the one of its first report.
 */
export function assumeFacts(
  violations: readonly Finding[],
  recorded: ReadonlyMap<string, Facts>,
): AssumedFacts {
  const principals = new Map<string, string>();
  const known = new Map(recorded);
  for (const { thingName, reporter } of violations)
    if (reporter && !principals.has(thingName)) principals.set(thingName, reporter.principal);
  let assumed = 0;
  for (const { thingName } of violations) {
    if (known.has(thingName)) continue;
    known.set(thingName, assumeThing(principals.get(thingName) ?? 'assumed'));
    assumed += 1;
  }
  const missing: Facts = { kind: 'unavailable', reason: 'not part of the recording' };
  return { assumed, factsOf: (thingName) => known.get(thingName) ?? missing };
}

function assumeThing(certificateId: string): Facts {
  const certificate = {
    arn: `cert/${certificateId}`,
    certificateId,
    policies: [],
    escapesGroup: false,
    sharedWith: [],
  };
  return { kind: 'known', registered: true, attributes: {}, groups: [], principals: [certificate] };
}
