import type { KillSwitch } from '../../../shared/domain/guards/kill-switch';
import { describeKillSwitch } from '../../../shared/domain/messages/describe-kill-switch';
import type { Check } from '../finding';

export function checkKillSwitch(read: () => Promise<KillSwitch>): Check {
  const about = 'kill switch';
  return {
    about,
    async run() {
      const seen = await read();
      if (seen.state === 'off') return [{ level: 'ok', about, what: 'off' }];
      // Functions may read it all the same.
      if (seen.state === 'unknown' && /^AccessDenied/.test(seen.reason ?? ''))
        return [
          {
            level: 'unknown',
            about,
            what: `it could not be read: ${seen.reason} (docs/iam/doctor.json has the rights)`,
          },
        ];
      return [
        {
          level: 'problem',
          about,
          what: describeKillSwitch(seen),
          why:
            seen.state === 'on'
              ? 'Cordon contains nothing while it is on.'
              : 'Until Cordon can read it, Cordon asks before each containment.',
          mend: seen.state === 'on' ? 'npx cordon kill-switch off' : 'docs/runbooks/kill-switch.md',
        },
      ];
    },
  };
}
