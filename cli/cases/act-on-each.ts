import { type CaseStatus, openStatuses } from '../../shared/domain/case/status';
import { type OperatorAction, operatorActionDescriptors } from '../../shared/domain/decide/operator-actions';
import type { Severity } from '../../shared/domain/severity';
import { writeCount } from '../../shared/domain/words';
import { CliError, RefusedError, UsageError } from '../cli-error';
import { describeFault, exitCodes, type Fault } from '../exit-codes';
import { interruptible } from '../interruptible';
import { writeJsonLine } from '../json';
import { say, sayAside, sayWords } from '../look/output';
import { type ActOptions, act } from './act';
import type { CommandPorts } from './command-ports';
import { type CaseLister, findCases } from './list';

export interface ActionFlags extends Omit<ActOptions, 'waitSeconds' | 'caseId' | 'onSent'> {
  readonly wait: number;
  readonly json?: boolean;
  readonly all?: boolean;
  readonly expect?: number;
  readonly behavior?: string;
  readonly severity?: readonly Severity[];
  readonly thing?: string;
  readonly group?: string;
}

/** A thing to act on, and the case that was selected. */
interface Aim {
  readonly thing: string;
  readonly caseId?: string;
}

/** Acts on the named things one after the other, or on all selected cases, several at once. */
export async function runAction(
  name: OperatorAction,
  things: readonly string[],
  flags: ActionFlags,
  { target, explain }: Pick<CommandPorts, 'target' | 'explain'>,
): Promise<void> {
  checkUsage(name, things, flags);
  const to = await target();
  const aims: readonly Aim[] = flags.all
    ? await selectCases(name, flags, to, Date.now())
    : [...new Set(things)].map((thing) => ({ thing }));
  const { wait, json, ...options } = flags;
  const sent: string[] = [];
  const actOn = async ({ thing, caseId }: Aim) => {
    const more = { ...(caseId !== undefined && { caseId }), onSent: () => sent.push(thing) };
    const outcome = await act(name, thing, { ...options, ...more, waitSeconds: wait }, to);
    return json ? writeJsonLine(outcome) : outcome.text;
  };
  const sayFailed = ({ thing }: Aim, fault: Fault) => {
    sayAside(fault.text);
    if (json) say(writeJsonLine({ thingName: thing, error: describeFault(fault) }));
  };
  await interruptible(
    () => describeSent(name, sent),
    () =>
      actOnEach(aims, actOn, { explain, say: json ? say : sayWords, sayFailed, atOnce: flags.all ? 10 : 1 }),
  );
}

function checkUsage(name: OperatorAction, things: readonly string[], flags: ActionFlags): void {
  const { all, expect, behavior, severity, thing, group } = flags;
  if (all && things.length > 0) throw new UsageError('give either THINGs or --all');
  if (all) return;
  if ([expect, behavior, severity, thing, group].some((one) => one !== undefined))
    throw new UsageError('--expect, --behavior, --severity, --thing and --group go with --all');
  if (things.length === 0)
    throw new UsageError(`give one or more THINGs, or --all with --expect: cordon help ${name}`);
}

/** A fleet has fewer open cases. */
const mostSelected = 100_000;

/** The cases that the action applies to and the options select; none unless they are as many as expected. */
export async function selectCases(
  name: OperatorAction,
  { expect, behavior, severity, thing, group }: ActionFlags,
  reader: CaseLister,
  now: number,
): Promise<Aim[]> {
  const status = listStatuses(name);
  const selection = {
    status,
    ...(behavior !== undefined && { behavior }),
    ...(severity && { severity }),
    ...(thing !== undefined && { thing }),
    ...(group !== undefined && { group }),
  };
  const { cases } = await findCases(selection, mostSelected, reader, now);
  const shown = `cordon list --status ${status.join(',')} with the same options shows them`;
  if (expect === undefined)
    throw new UsageError(
      `--all needs --expect: ${writeMatches(cases.length)} now${cases.length > 0 ? ` (--expect ${cases.length})` : ''}. ${shown}`,
    );
  if (cases.length !== expect)
    throw new RefusedError(`${writeMatches(cases.length)}, not ${expect}, so nothing was done. ${shown}`);
  return cases.map(({ thingName, caseId }) => ({ thing: thingName, caseId }));
}

function writeMatches(count: number): string {
  return `${writeCount(count, 'case')} ${count === 1 ? 'matches' : 'match'}`;
}

/** Statuses of the cases that it applies to. */
function listStatuses(name: OperatorAction): readonly CaseStatus[] {
  if (name === 'harden') return ['containment-failed', 'containing', 'contained'];
  const { offeredIn } = operatorActionDescriptors[name];
  return offeredIn.length > 0 ? offeredIn : openStatuses;
}

function describeSent(name: OperatorAction, sent: readonly string[]): string {
  const [first] = sent;
  if (first === undefined) return 'Nothing was sent.';
  return sent.length === 1
    ? `${name} of ${first} was sent, and Cordon continues: cordon show ${first} has the outcome.`
    : `${name} of ${sent.length} things was sent, and Cordon continues: cordon list has the outcome.`;
}

interface EachPorts<A> extends Pick<CommandPorts, 'explain'> {
  readonly say: (text: string) => void;
  /** Prints the failure of one thing among several. */
  readonly sayFailed: (aim: A, fault: Fault) => void;
  readonly atOnce: number;
}

/** Several things of a command failed. */
class SomeFailedError extends CliError {
  override readonly exitCode: number;

  constructor(text: string, exitCode: number) {
    super(text);
    this.exitCode = exitCode;
  }
}

/** Continues with the others if one fails. */
export async function actOnEach<A>(
  aims: readonly A[],
  actOn: (aim: A) => Promise<string>,
  { explain, say, sayFailed, atOnce }: EachPorts<A>,
): Promise<void> {
  const codes: number[] = [];
  const left = [...aims];
  const work = async () => {
    for (let aim = left.shift(); aim !== undefined; aim = left.shift()) {
      try {
        say(await actOn(aim));
      } catch (error) {
        if (aims.length === 1) throw error;
        const fault = await explain(error);
        sayFailed(aim, fault);
        codes.push(fault.exitCode);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const [first] = codes;
  if (first === undefined) return;
  const isOne = codes.every((code) => code === first);
  throw new SomeFailedError(
    `${codes.length} of ${aims.length} things failed`,
    isOne ? first : exitCodes.failed,
  );
}
