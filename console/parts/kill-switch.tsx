import type { KillSwitch } from '../api/types';
import { Notice } from './notice';

/** Every surface says that Cordon holds back. */
export function KillSwitchNotice({ killSwitch }: { readonly killSwitch: KillSwitch | undefined }) {
  if (!killSwitch || killSwitch.state === 'off') return null;
  const { state, by, at, reason } = killSwitch;
  if (state !== 'on')
    return (
      <Notice tone="danger" title="The kill switch could not be read.">
        Until it can be, containments wait for approval.
      </Notice>
    );
  return (
    <Notice tone="danger" title="The kill switch is on: Cordon contains nothing.">
      {by && <>Turned by {by}</>}
      {at && <>, {new Date(at).toLocaleString('en-GB')}</>}
      {reason && <>: {reason}</>}
    </Notice>
  );
}
