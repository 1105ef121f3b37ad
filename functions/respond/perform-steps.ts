import type { ActionName } from '../../shared/domain/actions/registry';
import type { Case } from '../../shared/domain/case/case';
import { isCut, replanCut } from '../../shared/domain/case/ledger';
import { nextStep, recordOutcome } from '../../shared/domain/case/steps';
import { makeUpFor } from '../../shared/domain/decide/plan';
import type { CaseStore, KillSwitchReader, Log, Versioned } from '../../shared/ports';
import { type ActionOptions, type ActionPorts, perform } from './perform';

interface StepPorts extends ActionPorts {
  readonly cases: Pick<CaseStore, 'save'>;
  readonly log: Log;
}

/** How often an invocation cuts a device that came back in between; after that each connect has it cut again. */
const maxCuts = 3;

/**
 * Carries the plan out. What fails now and may not later is left for the next delivery, and holds up nothing else: the
 * session is cut though a policy can't be attached.
 */
export async function performSteps(
  stored: Versioned<Case>,
  ports: StepPorts,
  options: ActionOptions,
  attempt: number,
  readSwitch: KillSwitchReader,
): Promise<Versioned<Case>> {
  let { value: record, version } = stored;
  const done = new Set<ActionName>();
  const faults: unknown[] = [];
  let saved = true;
  let cuts = 0;
  // Anew before each step: it may be switched on in between.
  const next = async () => nextStep(record, done, (await readSwitch()).state !== 'off');
  for (let step = await next(); step; step = await next()) {
    // Before anything else changes outside, so that a crash repeats one step; what only looks can wait.
    if (!saved && step.kind !== 'verify') {
      ({ version } = await save(record, version, ports));
      saved = true;
    }
    const { action } = step.entry;
    const outcome = await perform(record, step, ports, options, attempt).catch((error: unknown) => {
      // What a release undoes depends on what was undone before.
      if (step.kind === 'revert') throw error;
      faults.push(error);
      return undefined;
    });
    if (!outcome) {
      done.add(action);
      continue;
    }
    record = recordOutcome(record, step, outcome, ports.clock());
    ports.log.info(`${action}: ${step.kind}`, { thingName: record.thingName, ...outcome });
    if (step.kind === 'apply' && outcome.result === 'refused')
      record = makeUpFor(record, options, ports.clock());
    if (isCut(step.entry) && step.kind === 'apply') cuts += 1;
    const cameBack = isCut(step.entry) && step.kind === 'verify' && outcome.result === 'unverified';
    if (cameBack && cuts < maxCuts) record = { ...record, ledger: replanCut(record.ledger) };
    else if (step.kind === 'verify' || outcome.result === 'conflict') done.add(action);
    if (step.kind !== 'verify') saved = false;
  }
  if (faults.length === 0) return { value: record, version };
  await save(record, version, ports);
  throw faults[0];
}

export async function save(
  record: Case,
  previous: number,
  { cases }: Pick<StepPorts, 'cases'>,
): Promise<Versioned<Case>> {
  return { value: record, version: await cases.save(record, previous) };
}
