import type { KillSwitch } from '../shared/domain/kill-switch';

interface UpgradePorts {
  /** The environment of a deployed function; undefined where there is none yet. */
  readonly readEnvironment: (functionName: string) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Undefined where nothing is stored. */
  readonly readStored: (parameterName: string) => Promise<string | undefined>;
}

/**
 * Earlier versions had the kill switch in the environment of `respond`, by a parameter of the deploy or by hand. A deploy
 * takes it away there: where it was on, somebody must have said what it is from now on.
 */
export async function requireKillSwitchKept(
  stage: string,
  { readEnvironment, readStored }: UpgradePorts,
): Promise<void> {
  const environment = await readEnvironment(`cordon-${stage}-respond`);
  if (environment?.KILL_SWITCH !== 'on') return;
  if ((await readStored(`/cordon-${stage}/kill-switch`)) !== undefined) return;
  const turn = (state: KillSwitch['state']) => `cordon --aws --stage ${stage} kill-switch ${state}`;
  throw new Error(
    `the kill switch of stage ${stage} is on, as the version that is deployed there has it, and this deploy would turn it off: ` +
      `run ${turn('on')} to keep it on, or ${turn('off')}, and deploy again`,
  );
}
