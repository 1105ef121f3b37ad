import { setMaxListeners } from 'node:events';
import { RefusedError, UnreachableError } from '../cli-error';
import { openRegistry } from '../enroll/open';
import { readRoots } from '../enroll/read-roots';
import { readConfiguration } from '../read-configuration';
import type { Target } from '../target';
import { checkCalm } from './calm';
import { drill } from './drill';
import { readEndpoint } from './endpoint';
import { clean, isLeft } from './leftovers';
import { openDrill } from './open';
import type { DrillTarget } from './scene';
import { chooseStimulus } from './stimulus';

export interface DrillFlags {
  readonly behavior?: string;
  readonly policies: boolean;
  readonly waitDetect: boolean;
  readonly force: boolean;
  readonly json: boolean;
  readonly endpoint?: string;
  readonly rootCa?: string;
  readonly config?: string;
  readonly detector?: string;
}

export async function runDrill(flags: DrillFlags, target: Target, say: (line: string) => void) {
  const configuration = readConfiguration(flags);
  const endpoint = flags.endpoint === undefined ? undefined : readEndpoint(flags.endpoint);
  const stimulus = chooseStimulus(configuration, flags.behavior);
  // Before the kill switch, which does not show whether the stage is deployed.
  if (!flags.force) await checkCalm(target, configuration.guards.fleetLimit, Date.now());
  const { state } = await target.killSwitch.read();
  if (state === 'unknown')
    throw new UnreachableError(
      "the kill switch can't be read, so nothing would be contained: cordon kill-switch says why",
    );
  if (state !== 'off')
    throw new RefusedError(
      'the kill switch is on, so nothing would be contained: cordon kill-switch says why',
    );
  const drillTarget: DrillTarget = {
    ...target,
    registry: openRegistry(target.settings),
    ...openDrill(target.stage, target.settings),
  };
  await cleanLeftovers(drillTarget, say);
  const { signal, done } = listenForInterrupt(say);
  try {
    return await drill(
      {
        ...{ configuration, stimulus, policies: flags.policies, waitDetect: flags.waitDetect, signal, say },
        ...(endpoint && { endpoint }),
        rootCa: readRoots(flags.rootCa ?? target.ca),
      },
      drillTarget,
    );
  } finally {
    done();
  }
}

/** Deletes the things that killed drills left behind, but not those of a drill that still runs. */
async function cleanLeftovers(target: DrillTarget, say: (line: string) => void): Promise<void> {
  const things = await target.account.listDrillThings(target.stage);
  for (const thing of things) {
    const { thingName } = thing;
    if (!isLeft(thing, Date.now())) {
      say(`${thingName} is of a drill that still runs: it is left alone`);
      continue;
    }
    say(`deleting ${thingName}, which an earlier drill left`);
    const faults = await clean(thingName, target);
    for (const fault of faults) say(`${thingName}: ${fault}`);
  }
}

/** The first Ctrl-C ends the drill and cleans up; a second one ends the program at once. */
function listenForInterrupt(say: (line: string) => void): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  // Each wait of the drill listens to it.
  setMaxListeners(0, controller.signal);
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    process.exitCode = 130;
    say('stopping: the drill first deletes what it made; Ctrl-C again leaves that to the next drill');
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    done: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  };
}
