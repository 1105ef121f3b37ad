/** IoT Core keeps five versions of a policy (service quotas). */
export const maxVersions = 5;

interface Version {
  readonly versionId: string;
  readonly isDefault: boolean;
}

/** The oldest version of a full policy that isn't the default. */
export function findVersionToDrop<V extends Version>(versions: readonly V[]): V | undefined {
  if (versions.length < maxVersions) return undefined;
  // Ids are numbers as text: "10" is newer than "9".
  return versions
    .filter(({ isDefault }) => !isDefault)
    .toSorted((a, b) => Number(a.versionId) - Number(b.versionId))[0];
}
