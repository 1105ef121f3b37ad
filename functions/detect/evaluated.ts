import type { Configuration, SecurityProfile } from '../../shared/domain/configuration';

/** The profiles without the behaviors that a dimension filters: only Device Defender has dimensions. */
export function listEvaluated(
  securityProfiles: Configuration['securityProfiles'],
): readonly [string, SecurityProfile][] {
  return Object.entries(securityProfiles).map(([name, profile]) => [
    name,
    { ...profile, behaviors: profile.behaviors.filter(({ metricDimension }) => !metricDimension) },
  ]);
}
