import type { Configuration } from '../domain/configuration';
import { writeCount } from '../domain/words';
import { assumeFacts } from './facts';
import type { Recording } from './recording';
import { type Response, simulate } from './simulate';

export interface Candidate {
  readonly file: string;
  readonly configuration: Configuration;
}

/** How many alerts went through the configuration of a file. */
interface Progress {
  readonly file: string;
  readonly done: number;
}

type Counts = Readonly<Record<Response['outcome'], number>>;

/** The effects of a configuration: numbers of things by their strongest outcome, and of containments and questions. */
export interface Summary extends Counts {
  readonly file: string;
  readonly containments: number;
  readonly questions: number;
  readonly releases: number;
  readonly byPlaybook: readonly ({ readonly playbook: string } & Counts)[];
  readonly reasons: readonly {
    readonly outcome: Response['outcome'];
    readonly reason: string;
    readonly things: number;
  }[];
}

interface Difference {
  readonly thingName: string;
  readonly candidate: Response | undefined;
  readonly present: Response | undefined;
}

export interface Replay {
  readonly alerts: number;
  readonly things: number;
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
  readonly rejected: Recording['rejected'];
  readonly ignored: number;
  readonly assumptions: readonly string[];
  readonly candidate: Summary;
  /** Absent if the candidate is the present file. */
  readonly present?: Summary;
  readonly differences: readonly Difference[];
}

/** Replays a recording through a candidate and, if it differs, the present configuration. Yields its progress. */
export function* replay(
  recording: Recording,
  candidate: Candidate,
  present: Candidate | undefined,
  fleetSize: number | undefined,
): Generator<Progress, Replay> {
  const { violations, rejected, ignored } = recording;
  const { factsOf, assumed } = assumeFacts(violations, recording.facts);
  function* run({ configuration, file }: Candidate): Generator<Progress, Map<string, Response>> {
    const steps = simulate({ configuration, violations, factsOf, fleetSize });
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      yield { file, done: step.value };
    }
  }
  const responses = yield* run(candidate);
  const others = present && (yield* run(present));
  return {
    alerts: violations.length,
    things: new Set(violations.map(({ thingName }) => thingName)).size,
    firstAt: violations[0]?.occurredAt,
    lastAt: violations.at(-1)?.occurredAt,
    rejected,
    ignored,
    assumptions: [
      ...listAssumptions(assumed, present ? [candidate, present] : [candidate], fleetSize),
      ...recording.notes,
    ],
    candidate: summarize(candidate.file, responses),
    ...(present && others && { present: summarize(present.file, others) }),
    differences: others ? findDifferences(responses, others) : [],
  };
}

function listAssumptions(
  assumed: number,
  candidates: readonly Candidate[],
  fleetSize: number | undefined,
): string[] {
  const relative = candidates.some(
    ({ configuration }) => configuration.guards.fleetLimit.percent !== undefined,
  );
  return [
    'each action succeeds at once; no operator approves, rejects or releases; the kill switch is off',
    'containments before the first alert do not count for escalation or the fleet limit',
    ...(assumed > 0
      ? [
          `${writeCount(assumed, 'thing')} without a recorded case: assumed to be registered, in no group, without type and attributes, with one certificate`,
        ]
      : []),
    ...(relative && fleetSize === undefined
      ? ['the size of the fleet is unknown, so a limit in percent allows one thing: give --fleet-size']
      : []),
  ];
}

const none: Counts = { contained: 0, asked: 0, observed: 0 };

function summarize(file: string, responses: ReadonlyMap<string, Response>): Summary {
  const total = { ...none, containments: 0, questions: 0, releases: 0 };
  const playbooks = new Map<string, Record<Response['outcome'], number>>();
  const reasons = new Map<string, { outcome: Response['outcome']; reason: string; things: number }>();
  for (const response of responses.values()) {
    const { outcome, playbook = 'no playbook', reason } = response;
    total[outcome] += 1;
    total.containments += response.containments;
    total.questions += response.questions;
    total.releases += response.releases;
    const counts = playbooks.get(playbook) ?? { ...none };
    counts[outcome] += 1;
    playbooks.set(playbook, counts);
    if (reason === undefined) continue;
    const known = reasons.get(`${outcome} ${reason}`) ?? { outcome, reason, things: 0 };
    reasons.set(`${outcome} ${reason}`, { ...known, things: known.things + 1 });
  }
  return {
    file,
    ...total,
    byPlaybook: [...playbooks].map(([playbook, counts]) => ({ playbook, ...counts })),
    reasons: [...reasons.values()].sort((a, b) => b.things - a.things),
  };
}

function findDifferences(
  candidate: ReadonlyMap<string, Response>,
  present: ReadonlyMap<string, Response>,
): Difference[] {
  return [...new Set([...candidate.keys(), ...present.keys()])]
    .map((thingName) => ({
      thingName,
      candidate: candidate.get(thingName),
      present: present.get(thingName),
    }))
    .filter((pair) => JSON.stringify(pair.candidate) !== JSON.stringify(pair.present))
    .sort((a, b) => (a.thingName < b.thingName ? -1 : 1));
}
