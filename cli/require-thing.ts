import { parseThing, type ThingKey } from '../shared/domain/thing-ref';
import { UsageError } from './cli-error';

/** A thing as it is named on the command line: `NAME`, or `ACCOUNT/REGION/NAME` for one of another account. */
export function requireThing(text: string): ThingKey {
  const thing = parseThing(text);
  if (thing) return thing;
  throw new UsageError(`${JSON.stringify(text)} is not a thing name, nor ACCOUNT/REGION/NAME`);
}
