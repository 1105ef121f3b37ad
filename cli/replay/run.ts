import { readFileSync } from 'node:fs';
import { loadConfiguration } from '../../shared/config/load';
import { writeCount } from '../../shared/domain/words';
import { type Candidate, replay } from '../../shared/replay/compare';
import { type Recording, recallCases } from '../../shared/replay/recording';
import { findConfiguration } from '../checkout';
import { CliError, UsageError } from '../cli-error';
import { explainFileFault } from '../explain-file-fault';
import { writeJson } from '../json';
import type { Target } from '../target';
import { readRecording } from './recording';
import { writeReplay } from './write';

export interface ReplayFlags {
  /** How far back, in ms. */
  readonly since?: number;
  readonly config?: string;
  readonly present?: string;
  readonly fleetSize?: number;
  readonly json?: boolean;
}

interface ReplayPorts {
  /** Opens the table, if the recording is not a file. */
  readonly openTarget: () => Promise<{
    readonly fleetLimit: Pick<Target['fleetLimit'], 'readSize'>;
    readonly history: Pick<Target['history'], 'scanCases'>;
  }>;
  readonly clock: () => number;
  readonly say: (text: string) => void;
}

/** Shows what recorded alerts would have caused. Writes nothing. */
export async function runReplay(
  file: string | undefined,
  flags: ReplayFlags,
  ports: ReplayPorts,
): Promise<string> {
  if ((file === undefined) === (flags.since === undefined))
    throw new UsageError('give either a FILE of alerts or --since, such as --since 7d');
  const present = load(flags.present ?? findConfiguration());
  const candidate = flags.config === undefined ? undefined : load(flags.config);
  const { recording, fleetSize } =
    file === undefined
      ? await recall(flags.since ?? 0, ports)
      : { recording: readFile(file, ports.say), fleetSize: undefined };
  if (recording.violations.length === 0) throw new CliError(explainEmpty(recording));
  const steps = replay(recording, candidate ?? present, candidate && present, flags.fleetSize ?? fleetSize);
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    const { file: what, done } = step.value;
    if (done % reportEvery === 0) ports.say(`${what}: ${done} of ${recording.violations.length} alerts`);
  }
  const result = step.value;
  return flags.json ? writeJson(result) : writeReplay(result);
}

const reportEvery = 25_000;

function load(file: string): Candidate {
  return { file, configuration: loadConfiguration(file) };
}

async function recall(since: number, { openTarget, clock }: ReplayPorts) {
  const { fleetLimit, history } = await openTarget();
  const from = clock() - since;
  const [found, size] = await Promise.all([history.scanCases(from), fleetLimit.readSize()]);
  return { recording: recallCases(found.cases, from, found.damaged), fleetSize: size?.things };
}

function readFile(file: string, say: (text: string) => void): Recording {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const tooLarge = code === 'ERR_STRING_TOO_LONG' || code === 'ERR_FS_FILE_TOO_LARGE';
    throw new UsageError(
      tooLarge ? `${file}: too large: split it` : `${file}: can't be read${explainFileFault(cause)}`,
      cause,
    );
  }
  try {
    return readRecording(text, (done) => {
      if (done % reportEvery === 0) say(`${file}: ${done} messages read`);
    });
  } catch (error) {
    if (error instanceof CliError) throw new CliError(`${file}: ${error.message}`, error);
    throw error;
  }
}

function explainEmpty({ rejected, ignored }: Recording): string {
  const [first] = rejected;
  if (first)
    return `no alert among ${writeCount(rejected.length, 'message')}; ${first.where}: ${first.reason}`;
  return ignored > 0 ? `no alert among ${writeCount(ignored, 'message')}` : 'no alert to replay';
}
