import { writeTable } from '../figures';

/** The cost of one agent under one load. */
interface Cost {
  readonly collectionMs: number;
  readonly residentMb: number;
}

interface OurCost extends Cost {
  readonly sampleMs: number;
  /** The memory of an agent that also collects all each second, which none does for long. */
  readonly collectingMb: number;
}

export interface LoadResult {
  readonly load: string;
  readonly processes: number;
  readonly ours: OurCost;
  readonly other?: Cost;
}

export interface ChildResult {
  readonly lifeMs: number;
  readonly children: number;
  readonly ours: number;
  readonly otherChildren?: number;
  readonly other?: number;
}

export interface AgentResult {
  readonly node: string;
  readonly loads: readonly LoadResult[];
  readonly children: readonly ChildResult[];
  readonly idle: { readonly seconds: number; readonly bytes: number; readonly bytesADay: number };
  readonly problems: readonly string[];
}

/** The bars that the project set itself. */
const bars = {
  residentMb: 60,
  idleBytesADay: 400_000,
  foundShare: 0.99,
  collection: 1 / 10,
  small: 1 / 7,
  sample: 1 / 200,
};

/** What misses a bar. */
export function findProblems({ loads, children, idle }: Omit<AgentResult, 'problems'>): readonly string[] {
  const problems: string[] = [];
  for (const { load, processes, ours, other } of loads) {
    if (ours.residentMb > bars.residentMb) problems.push(`${load}: more than ${bars.residentMb} MB resident`);
    if (!other) continue;
    const most = processes < 1000 ? bars.small : bars.collection;
    if (ours.collectionMs > other.collectionMs * most)
      problems.push(`${load}: a collection takes more than 1/${Math.round(1 / most)} of the other's`);
    if (load === '2,000 processes' && ours.sampleMs > other.collectionMs * bars.sample)
      problems.push(`${load}: a sample takes more than 1/${1 / bars.sample} of the other's collection`);
  }
  for (const { lifeMs, ours, children: all } of children)
    if (ours < all * bars.foundShare) problems.push(`children of ${lifeMs} ms: found ${ours} of ${all}`);
  if (idle.bytesADay > bars.idleBytesADay) problems.push(`idle: more than ${bars.idleBytesADay} bytes a day`);
  return problems;
}

export function writeResult({ node, loads, children, idle, problems }: AgentResult): string {
  const percent = (part: number | undefined, of: number | undefined): string =>
    part === undefined || of === undefined ? '-' : `${((part / of) * 100).toFixed(1)} %`;
  const ms = (value: number | undefined): string => value?.toFixed(2) ?? '-';
  const costs = writeTable(
    ['CPU ms', 'processes', 'sample', 'collection', 'other', 'ratio', 'MB', 'each second', 'other'],
    loads.map(({ load, processes, ours, other }) => [
      load,
      processes,
      ms(ours.sampleMs),
      ms(ours.collectionMs),
      ms(other?.collectionMs),
      other ? `1/${(other.collectionMs / ours.collectionMs).toFixed(0)}` : '-',
      ours.residentMb,
      ours.collectingMb,
      other ? other.residentMb : '-',
    ]),
  );
  const found = writeTable(
    ['children found', 'count', 'share', 'other'],
    children.map(({ lifeMs, children: all, ours, other, otherChildren }) => [
      `living ${lifeMs} ms`,
      all,
      percent(ours, all),
      percent(other, otherChildren),
    ]),
  );
  const traffic = `idle: ${idle.bytes} bytes of TCP payload in ${idle.seconds.toFixed(0)} s, ${idle.bytesADay} a day`;
  return [`Node: ${node}`, costs, found, traffic, ...problems.map((one) => `PROBLEM: ${one}`)].join('\n\n');
}
