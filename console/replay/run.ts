import type { RulesAnswer } from '../../shared/api/stack';
import { ConfigurationError, parseConfiguration } from '../../shared/config/parse';
import { type Candidate, type Replay, replay } from '../../shared/replay/compare';
import { type RecordedCase, recallCases } from '../../shared/replay/recording';
import { describeResponse } from '../../shared/replay/words';
import type { Client } from '../api/client';

/**
 * Replays recorded cases against an edited cordon.yml, with the code of `cordon replay`. It runs in the page and only reads,
 * so that it can change nothing. A chunk of its own: it has the whole schema and all the rules.
 */

type Source = RulesAnswer['source'];

export interface Fault {
  readonly line: number;
  readonly text: string;
}

export type Progress =
  | { readonly stage: 'reading'; readonly cases: number }
  | { readonly stage: 'replaying'; readonly done: number; readonly of: number };

interface Change {
  readonly source: Source;
  readonly text: string;
  /** Cases that changed since then, epoch ms. */
  readonly since: number;
  readonly fleetSize: number | undefined;
}

/** Things that both files treat alike, each in its way. */
export interface Difference {
  readonly before: string;
  readonly after: string;
  readonly things: readonly string[];
}

export interface Outcome
  extends Pick<Replay, 'alerts' | 'things' | 'firstAt' | 'lastAt' | 'assumptions' | 'rejected'> {
  readonly before: Replay['candidate'];
  readonly after: Replay['candidate'];
  /** The most frequent first. */
  readonly differences: readonly Difference[];
}

export type Answer = { readonly faults: readonly Fault[] } | { readonly outcome: Outcome };

/** Throws what `signal` was aborted with, or ApiError. */
export async function replayChange(
  client: Client,
  { source, text, since, fleetSize }: Change,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Answer> {
  const candidate = parse(text, source);
  if (candidate.configuration === undefined) return { faults: candidate.faults };
  const present = parseConfiguration(source.text, 'cordon.yml', source.parameters);
  const { cases, damaged } = await readCases(client, since, signal, (read) =>
    onProgress({ stage: 'reading', cases: read }),
  );
  const recording = recallCases(cases, since, damaged);
  const steps = replay(
    recording,
    { file: 'edited', configuration: candidate.configuration },
    { file: 'deployed', configuration: present },
    fleetSize,
  );
  const all = recording.violations.length;
  const result = await runInSlices(steps, signal, ({ file, done }) =>
    onProgress({ stage: 'replaying', done: file === 'edited' ? done : all + done, of: 2 * all }),
  );
  return { outcome: writeOutcome(result) };
}

interface Parsed {
  readonly configuration?: Candidate['configuration'];
  readonly faults: readonly Fault[];
}

function parse(text: string, { parameters }: Source): Parsed {
  try {
    return { configuration: parseConfiguration(text, 'cordon.yml', parameters), faults: [] };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { faults: error.faults.map(readFault) };
  }
}

/** `cordon.yml:12: what: why`; what the deploy's parameters break has no line. */
function readFault(fault: string): Fault {
  const [, line, text] = /^cordon\.yml:(\d+): (.*)$/s.exec(fault) ?? [];
  return { line: Number(line ?? 0), text: text ?? fault };
}

const pageSize = 200;

async function readCases(
  client: Client,
  since: number,
  signal: AbortSignal,
  onRead: (cases: number) => void,
): Promise<{ readonly cases: readonly RecordedCase[]; readonly damaged: readonly string[] }> {
  const cases: RecordedCase[] = [];
  const damaged: string[] = [];
  let next: string | undefined;
  do {
    const query = new URLSearchParams({ since: String(since), limit: String(pageSize) });
    if (next !== undefined) query.set('cursor', next);
    const page = JSON.parse(await client.read(`/recording?${query}`)) as {
      readonly cases: readonly RecordedCase[];
      readonly damaged?: readonly string[];
      readonly next?: string;
    };
    signal.throwIfAborted();
    cases.push(...page.cases);
    damaged.push(...(page.damaged ?? []));
    onRead(cases.length);
    next = page.next;
  } while (next !== undefined);
  return { cases, damaged };
}

const sliceMs = 30;

/** Lets the page draw and take clicks in between. */
async function runInSlices<P, R>(
  steps: Generator<P, R>,
  signal: AbortSignal,
  onProgress: (progress: P) => void,
): Promise<R> {
  let until = performance.now() + sliceMs;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < until) continue;
    onProgress(step.value);
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    until = performance.now() + sliceMs;
  }
}

function writeOutcome({
  alerts,
  things,
  firstAt,
  lastAt,
  assumptions,
  rejected,
  candidate,
  present,
  differences,
}: Replay): Outcome {
  return {
    ...{ alerts, things, firstAt, lastAt, assumptions, rejected },
    ...{ before: present ?? candidate, after: candidate },
    differences: group(differences),
  };
}

function group(differences: Replay['differences']): readonly Difference[] {
  const groups = new Map<string, Difference & { readonly things: string[] }>();
  for (const { thingName, present, candidate } of differences) {
    const [before, after] = [describeResponse(present), describeResponse(candidate)];
    const known = groups.get(`${before}\n${after}`);
    if (known) known.things.push(thingName);
    else groups.set(`${before}\n${after}`, { before, after, things: [thingName] });
  }
  return [...groups.values()].sort((one, other) => other.things.length - one.things.length);
}
