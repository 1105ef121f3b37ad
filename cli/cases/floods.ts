import type { ToldFlood } from '../../shared/domain/detection/floods';
import { printable } from '../../shared/domain/messages/announcement';
import { clip } from '../../shared/domain/text';
import { writeTime } from '../look/times';

/** A certificate whose reports were set aside within the last hour. */
export function describeFlood({ thingName, clientId, sender, since }: ToldFlood): string {
  return printable(
    `too many reports for ${thingName}, by certificate ${clip(sender, 13)} under client id ${clip(clientId, 40)}, since ${writeTime(since)}: set aside`,
  );
}
