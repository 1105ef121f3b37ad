import { heartbeatName } from '../shared/domain/heartbeat';
import { isRegistryName } from '../shared/domain/text';
import { parseThing, type ThingKey } from '../shared/domain/thing-ref';
import { UsageError } from './cli-error';

/** The names that AWS IoT accepts, as the end of a message. */
export const nameRule = '1 to 128 of a-z A-Z 0-9 : _ -';

/** A thing as it is named on the command line: `NAME`, or `ACCOUNT/REGION/NAME` for one of another account. */
export function requireThing(text: string): ThingKey {
  const thing = parseThing(text);
  if (thing) return thing;
  requireUnreserved(text);
  throw new UsageError(
    `${JSON.stringify(text)} is not a thing name, nor ACCOUNT/REGION/NAME: expected ${nameRule}`,
  );
}

/** A name that a thing can have in the registry. */
export function requireThingName(text: string): void {
  requireUnreserved(text);
  if (!isRegistryName(text))
    throw new UsageError(`${JSON.stringify(text)} is not a thing name: expected ${nameRule}`);
}

function requireUnreserved(text: string): void {
  if (text === heartbeatName)
    throw new UsageError(
      `${heartbeatName} is the name of Cordon's heartbeat, so no thing can have it: give another name`,
    );
}
