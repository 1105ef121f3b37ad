/**
 * Names of the things of `cordon drill`. Only the registry gives a thing its name, so no device can pose as a drill. Events
 * of a drill's thing are announced as a drill, and count in no limit and no metric of real cases.
 */
export const drillPrefix = 'cordon-drill-';

export function isDrill(thingName: string): boolean {
  return thingName.startsWith(drillPrefix);
}
