import { setMaxListeners } from 'node:events';
import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { detectorOption, readConfiguration, readRoots } from '../deployed';
import { writeJson } from '../json';
import type { Target } from '../target';
import { checkCalm } from './calm';
import { drill } from './drill';
import { clean, isLeft } from './leftovers';
import type { DrillTarget } from './scene';
import { writeDrill } from './steps';
import { chooseStimulus } from './stimulus';

interface DrillFlags {
  readonly behavior?: string;
  readonly policies: boolean;
  readonly waitDetect: boolean;
  readonly force: boolean;
  readonly json: boolean;
  readonly rootCa?: string;
  readonly config?: string;
  readonly detector?: string;
}

/** Adds `cordon drill`. `say` writes an answer, `sayAside` a line of progress. */
export function addDrillCommand(
  program: Command,
  target: () => Target,
  say: (text: string) => void,
  sayAside: (text: string) => void,
): void {
  program
    .command('drill')
    .description(
      'prove that a device is contained and given back: play it with a thing of its own, and take all away again',
    )
    .option(
      '--behavior <profile/name>',
      'the behavior to break (default: the first that an enforcing playbook takes)',
    )
    .option(
      '--policies',
      'stay until the policies have spread (minutes), and try again what they deny then',
      false,
    )
    .option(
      '--wait-detect',
      'have Device Defender raise the alarm (up to 20 minutes); else its alert is made up',
      false,
    )
    .option('--force', 'though things are being contained right now', false)
    .option('--json', 'the result as JSON', false)
    .option('--root-ca <file>', "authorities of the broker's certificate (default: Amazon's)")
    .option('--config <file>', 'the cordon.yml that was deployed (default: cordon.yml)')
    .addOption(detectorOption())
    .addHelpText(
      'after',
      '\nExits 0 only if every step that could be tried held, 1 if one did not, and 130 after Ctrl-C, which cleans up first.',
    )
    .action(async (flags: DrillFlags) => {
      const result = await runDrill(flags, target(), sayAside);
      say(flags.json ? writeJson(result) : writeDrill(result));
      if (!result.held) process.exitCode = process.exitCode ?? 1;
    });
}

async function runDrill(flags: DrillFlags, target: Target, say: (line: string) => void) {
  const configuration = readConfiguration(flags);
  const stimulus = chooseStimulus(configuration, flags.behavior);
  const { state } = await target.killSwitch.read();
  if (state !== 'off')
    throw new CliError(
      `the kill switch is ${state}, so nothing would be contained: cordon kill-switch says why`,
    );
  if (!flags.force) await checkCalm(target, configuration.guards.fleetLimit, Date.now());
  const drillTarget: DrillTarget = { ...target, registry: target.openRegistry(), ...target.openDrill() };
  await cleanLeftovers(drillTarget, say);
  const { signal, done } = listenForInterrupt(say);
  try {
    return await drill(
      {
        ...{ configuration, stimulus, policies: flags.policies, waitDetect: flags.waitDetect, signal, say },
        rootCa: readRoots(flags.rootCa ?? target.ca),
      },
      drillTarget,
    );
  } finally {
    done();
  }
}

/** What drills that were killed left behind; a drill that still runs is left alone. */
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
    say('stopping: what the drill made is deleted first; Ctrl-C again leaves it to the next drill');
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    done: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  };
}
