import type { Configuration } from '../domain/configuration';

type Sources = Pick<Configuration, 'sources'>;

/** True if alerts of profiles that the file does not define have playbooks. */
export function takesExisting({ sources }: Sources): boolean {
  return sources.deviceDefender?.profiles === 'existing';
}

/** True if Device Defender itself has violations that concern Cordon. */
export function readsDetect({ detector, sources }: Sources & Pick<Configuration, 'detector'>): boolean {
  return detector !== 'cordon' || takesExisting({ sources });
}
