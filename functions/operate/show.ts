import type { ToldFlood } from '../../shared/domain/detection/floods';
import type { KillSwitch } from '../../shared/domain/guards/kill-switch';
import type { KillSwitchReader } from '../../shared/ports/aws';

/** What several routes show beside their answer. */

/** Certificates whose reports were set aside within the last hour. */
export function showFloods(floods: readonly ToldFlood[]) {
  const shown = floods.map(({ sender, thingName, clientId, since }) => ({
    sender,
    thingName,
    clientId,
    since,
  }));
  return shown.length === 0 ? {} : { floods: shown };
}

/** The state, as in announcements; nothing while the switch is off. */
export async function showKillSwitch(
  read: KillSwitchReader,
): Promise<{ killSwitch?: Exclude<KillSwitch, { state: 'off' }> }> {
  const killSwitch = await read();
  return killSwitch.state === 'off' ? {} : { killSwitch };
}
