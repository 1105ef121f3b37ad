import { countMissed } from '../shared/domain/detection/agent-silence';
import type { DetectState } from '../shared/domain/detection/state';
import { printable } from '../shared/domain/messages/announcement';
import type { ThingKey } from '../shared/domain/thing-ref';
import { writeCount, writeDuration } from '../shared/domain/words';
import { CliError, UsageError } from './cli-error';
import { writeJson } from './json';
import { requireThing } from './require-thing';
import { isOlder, isVersion } from './version';

export interface AgentFlags {
  readonly silent?: boolean;
  readonly degraded?: boolean;
  /** Older than this version, or than this command. */
  readonly old?: boolean | string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly limit: number;
}

export interface AgentReader {
  load(thingName: ThingKey): Promise<DetectState | undefined>;
  /** Silent agents, or all others. */
  list(kinds: readonly ('DETECT' | 'SILENT')[]): AsyncIterable<readonly DetectState[]>;
}

export interface AgentList {
  readonly text: string;
  /** False if a selected agent is silent, degraded or old. */
  readonly isWell: boolean;
}

type Fault = 'silent' | 'degraded' | 'old';

interface Row {
  readonly thingName: string;
  readonly faults: readonly Fault[];
  readonly version: string;
  /** Time of the agent's last report, or of the one before it. */
  readonly heardAt: string;
  readonly silentSince?: string;
  /** It missed a report: it may fall silent, or its thing is contained, or retired, which Cordon finds once three are missed. */
  readonly late?: true;
  readonly intervalMs?: number;
  readonly degraded: readonly string[];
  readonly mode?: string;
  readonly sampleMs?: number;
  readonly restarts?: number;
  readonly spool?: number;
  readonly notes?: readonly string[];
}

/** The agents that are silent, degraded or old, silent ones first, or the agents of the named things. */
export async function listAgents(
  things: readonly string[],
  flags: AgentFlags,
  reader: AgentReader,
  version: string,
  now = Date.now(),
): Promise<AgentList> {
  const than = typeof flags.old === 'string' ? flags.old : version;
  if (!isVersion(than)) throw new UsageError(`--old ${than}: expected a version such as 1.4.0`);
  const wanted = listWanted(flags);
  const states = things.length > 0 ? await loadNamed(things, reader) : await loadAll(wanted, flags, reader);
  const rows = states.flatMap((state) => readRow(state, than, now));
  const isListed = ({ faults }: Row) =>
    flags.all || things.length > 0 || faults.some((fault) => wanted.includes(fault));
  const listed = rows.filter(isListed).sort(compareRows);
  return {
    text: flags.json ? writeJson(listed) : writeRows(listed, rows.length, flags.limit),
    isWell: !listed.some(({ faults }) => faults.some((fault) => wanted.includes(fault))),
  };
}

const faults: readonly Fault[] = ['silent', 'degraded', 'old'];

function listWanted(flags: AgentFlags): readonly Fault[] {
  const asked = faults.filter((fault) => flags[fault] !== undefined && flags[fault] !== false);
  return asked.length > 0 ? asked : faults;
}

async function loadNamed(things: readonly string[], reader: AgentReader): Promise<DetectState[]> {
  const found: DetectState[] = [];
  for (const thing of things) {
    const state = await reader.load(requireThing(thing));
    if (!state?.agent)
      throw new CliError(
        `no agent of ${thing} has ever reported: check the name, and the agent on the device`,
      );
    found.push(state);
  }
  return found;
}

/** Reads only the agents to list, because a fleet may be large. */
async function loadAll(
  wanted: readonly Fault[],
  { all }: AgentFlags,
  reader: AgentReader,
): Promise<DetectState[]> {
  const isSilentOnly = !all && wanted.length === 1 && wanted[0] === 'silent';
  const found: DetectState[] = [];
  for await (const page of reader.list(isSilentOnly ? ['SILENT'] : ['SILENT', 'DETECT'])) found.push(...page);
  // An agent may fall silent, or report again, between the two lists.
  return [...new Map(found.map((state) => [state.thingName, state])).values()];
}

/** Only every second report is recorded, so a count of one is no sign. */
const missedIfLate = 2;

function readRow(state: DetectState, than: string, now: number): Row[] {
  const { thingName, agent } = state;
  if (!agent) return [];
  const { health, heardAt, silentAt, intervalMs } = agent;
  const version = health?.version ?? 'unknown';
  const found: Record<Fault, boolean> = {
    silent: silentAt !== undefined,
    degraded: (health?.degraded.length ?? 0) > 0,
    // Other agents report no health.
    old: health !== undefined && isOlder(version, than),
  };
  const { version: _, degraded = [], intervalMs: _i, ...rest } = health ?? {};
  return [
    {
      thingName,
      faults: faults.filter((fault) => found[fault]),
      version,
      heardAt: writeTime(heardAt),
      ...(silentAt !== undefined && { silentSince: writeTime(silentAt) }),
      ...(silentAt === undefined && countMissed(state, now) >= missedIfLate && { late: true }),
      ...(intervalMs !== undefined && { intervalMs }),
      degraded,
      ...rest,
    },
  ];
}

function compareRows(a: Row, b: Row): number {
  const rank = ({ faults: own }: Row) => {
    const first = own[0];
    return first === undefined ? faults.length : faults.indexOf(first);
  };
  return rank(a) - rank(b) || (a.thingName < b.thingName ? -1 : 1);
}

function writeRows(rows: readonly Row[], total: number, limit: number): string {
  const lines = rows.slice(0, limit).map((row) => {
    const { thingName, version, heardAt, silentSince, late, degraded, notes = [], intervalMs } = row;
    const details = [
      `last report ${heardAt}`,
      ...(silentSince ? [`silent since ${silentSince}`] : []),
      ...(late ? ['late: soon silent, unless its thing is contained or retired'] : []),
      ...(intervalMs === undefined
        ? []
        : [`reports each ${writeDuration(Math.round(intervalMs / 1_000) * 1_000)}`]),
      ...(degraded.length > 0 ? [`degraded: ${degraded.join(', ')}`] : []),
      ...(row.restarts ? [writeCount(row.restarts, 'restart')] : []),
      ...(row.spool ? [`${row.spool} waiting`] : []),
      ...notes,
    ];
    return [
      (row.faults.join('+') || 'healthy').padEnd(19),
      thingName.padEnd(24),
      version.padEnd(9),
      details.join('; '),
    ]
      .map(printable)
      .join(' ');
  });
  const more = rows.length - lines.length;
  const isOne = rows.length === 1 || total === 1;
  const hint = rows.length === 0 && total > 0 ? ' --all lists the healthy ones too.' : '';
  return [
    ...lines,
    ...(more > 0 ? [`and ${more} more: --limit ${rows.length} shows them, --json shows all`] : []),
    `${rows.length} of ${writeCount(total, 'agent')} ${isOne ? 'is' : 'are'} listed.${hint}`,
  ].join('\n');
}

function writeTime(at: number): string {
  return new Date(at).toISOString();
}
