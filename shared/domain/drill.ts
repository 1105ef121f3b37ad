/**
 * Names of the things of `cordon drill`. Only the registry gives a thing its name, so no device can call itself a drill; what
 * a drill's thing does is told as one, and counts in no limit and no metric of real cases.
 */
export const drillPrefix = 'cordon-drill-';

export function isDrill(thingName: string): boolean {
  return thingName.startsWith(drillPrefix);
}
