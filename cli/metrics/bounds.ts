import { existsSync } from 'node:fs';
import { findConfiguration } from '../checkout';
import { readConfiguration } from '../read-configuration';
import type { Bounds } from './metrics';

/** What a cordon.yml says is normal for a metric; nothing if there is no file to read. */
export function readBounds(metric: string, config: string | undefined): Bounds {
  if (config === undefined && !existsSync(findConfiguration())) return { behaviors: new Map() };
  const { securityProfiles, customMetrics } = readConfiguration({ ...(config !== undefined && { config }) });
  const behaviors = new Map(
    Object.entries(securityProfiles).flatMap(([profile, { behaviors }]) =>
      behaviors
        .filter((behavior) => behavior.metric === metric)
        .map((behavior) => [`${profile}/${behavior.name}`, behavior] as const),
    ),
  );
  const displayName = customMetrics[metric]?.displayName;
  return { behaviors, ...(displayName !== undefined && { displayName }) };
}
