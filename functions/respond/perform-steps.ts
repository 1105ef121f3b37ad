import type { ActionName } from '../../shared/domain/actions/registry';
import type { Case } from '../../shared/domain/case/case';
import { countTried, isCut, replanCut } from '../../shared/domain/case/ledger';
import { nextRound, recordOutcome } from '../../shared/domain/case/steps';
import { makeUpFor } from '../../shared/domain/decide/plan';
import { describeAll } from '../../shared/domain/messages/describe-detail';
import type { KillSwitchReader } from '../../shared/ports/aws';
import type { Log } from '../../shared/ports/runtime';
import type { CaseStore, Versioned } from '../../shared/ports/storage';
import { type ActionOptions, type ActionPorts, perform } from './perform';

interface StepPorts extends ActionPorts {
  readonly cases: Pick<CaseStore, 'save'>;
  readonly log: Log;
}

/**
 * How often one invocation cuts a device that reconnects in the meantime. After that, the command of each connect cuts
 * it.
 */
const maxCuts = 3;

/**
 * Carries out the plan in rounds of parallel steps, since a device continues to send until the last one. A step with a
 * transient fault is left for the next delivery and delays no other: the session is cut even if a policy can't be attached.
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
  // Read before each round, since it may be switched on in between.
  const next = async () => nextRound(record, done, (await readSwitch()).state !== 'off');
  for (let round = await next(); round; round = await next()) {
    const { kind, steps } = round;
    // Saved before anything else changes in AWS, so that a crash repeats one round; reads can wait.
    if (!saved && kind !== 'verify') {
      ({ version } = await save(record, version, ports));
      saved = true;
    }
    const planned = record;
    const results = await Promise.allSettled(
      steps.map((step) => perform(planned, step, ports, options, attempt)),
    );
    for (const [index, step] of steps.entries()) {
      const result = results[index];
      const { action } = step.entry;
      if (result?.status !== 'fulfilled') {
        // Each step of a release depends on the steps that were undone before.
        if (kind === 'revert') throw result?.reason;
        faults.push(result?.reason);
        done.add(action);
        if (kind === 'apply') record = { ...record, ledger: countTried(record.ledger, [action]) };
        continue;
      }
      const outcome = result.value;
      record = recordOutcome(record, step, outcome, ports.clock());
      const detail = describeAll(outcome.detail);
      ports.log.info(`${action}: ${kind}`, { thingName: record.thingName, ...outcome, detail });
      if (kind === 'apply' && outcome.result === 'refused')
        record = makeUpFor(record, options, ports.clock());
      if (isCut(step.entry) && kind === 'apply') cuts += 1;
      const cameBack = isCut(step.entry) && kind === 'verify' && outcome.result === 'unverified';
      if (cameBack && cuts < maxCuts) record = { ...record, ledger: replanCut(record.ledger) };
      else if (kind === 'verify' || outcome.result === 'conflict') done.add(action);
    }
    if (kind !== 'verify') saved = false;
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
