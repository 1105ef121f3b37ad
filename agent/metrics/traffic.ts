import type { InterfaceRule } from '../config/interface-rules';
import { type Counters, type InterfaceCounters, parseInterfaceCounters } from '../proc/interface-counters';
import { describeFailure, type ProcReader, readTrimmed } from '../proc/proc-reader';

/** Adds up the traffic of the interfaces that count, look by look, even if one appears, disappears or is reset. */
export interface TrafficMeter {
  /** `now` need not be the time of day, but must rise evenly. */
  look(now: number): void;
  /** The traffic since the first look, or the reason why it is unknown. */
  total(): Counters | string;
  /** Goes on with another choice of interfaces. */
  use(rule: InterfaceRule): void;
}

const keys = ['bytesIn', 'packetsIn', 'bytesOut', 'packetsOut'] as const;
const zero: Counters = { bytesIn: 0, packetsIn: 0, bytesOut: 0, packetsOut: 0 };
/** A modem can come, send and go within a second. */
const lookEveryMs = 200;
/** The card below an interface can change while its name stays. */
const judgeEveryMs = 60_000;
/** A modem may have another name each time. */
const mostAway = 64;

/** A restart of the agent starts the count again: traffic before its first look is not reported. `sys` reads /sys/class/net. */
export function createTrafficMeter(
  proc: ProcReader,
  sys: ProcReader,
  firstRule: InterfaceRule,
): TrafficMeter {
  let rule = firstRule;
  let last: InterfaceCounters | undefined;
  let lastText = Buffer.alloc(0);
  let lookedAt = Number.NEGATIVE_INFINITY;
  let judgedAt = Number.NEGATIVE_INFINITY;
  let failure: string | undefined;
  let sum = zero;
  const counts = new Map<string, boolean>();
  /** Counters of interfaces that are missing now. They may return, after a failed look or from another namespace. */
  const away = new Map<string, Counters>();
  /** The greatest number of an interface so far; 0 without /sys. Linux gives a new one a greater number; one that comes back has its own. */
  let newest = 0;

  const isCounted = (name: string): boolean => {
    let known = counts.get(name);
    if (known === undefined) {
      known = rule(name) === undefined;
      counts.set(name, known);
    }
    return known;
  };
  const readIndex = (name: string): number => {
    const index = isCounted(name) ? Number(readTrimmed(sys, `${name}/ifindex`)) || 0 : 0;
    newest = Math.max(newest, index);
    return index;
  };
  const add = (next: InterfaceCounters): void => {
    if (!last) for (const name of next.keys()) readIndex(name);
    const newestBefore = newest;
    const before = last ?? next;
    const gone = new Map([...before].filter(([name]) => !next.has(name)));
    const findEarlier = (name: string, counters: Counters): Counters | undefined => {
      const isMade = readIndex(name) > newestBefore && newestBefore > 0;
      return isMade ? undefined : (away.get(name) ?? takeRenamed(gone, counters));
    };
    for (const [name, counters] of next) {
      const base = before.get(name) ?? findEarlier(name, counters) ?? zero;
      away.delete(name);
      if (isCounted(name)) sum = grow(sum, base, counters);
    }
    for (const [name, counters] of gone) if (counts.get(name) === true) away.set(name, counters);
    for (const name of away.keys()) if (away.size > mostAway) away.delete(name);
    last = next;
    for (const name of counts.keys()) if (!next.has(name)) counts.delete(name);
  };

  return {
    look: (now) => {
      if (now - lookedAt < lookEveryMs) return;
      lookedAt = now;
      const bytes = proc.readAgain('net/dev');
      failure = typeof bytes === 'string' ? describeFailure(proc, 'net/dev', bytes) : undefined;
      if (typeof bytes === 'string') return;
      // On a quiet network, most looks see no change.
      if (last && bytes.equals(lastText)) return;
      lastText = Buffer.from(bytes);
      if (now - judgedAt >= judgeEveryMs) {
        counts.clear();
        judgedAt = now;
      }
      add(parseInterfaceCounters(bytes));
    },
    total: () => failure ?? sum,
    use: (next) => {
      rule = next;
      counts.clear();
    },
  };
}

/** An interface that was renamed between two looks continues its count. */
function takeRenamed(gone: Map<string, Counters>, counters: Counters): Counters | undefined {
  for (const [name, before] of gone) {
    const isSame = before.bytesIn + before.bytesOut > 0 && keys.every((key) => counters[key] >= before[key]);
    if (!isSame) continue;
    gone.delete(name);
    return before;
  }
  return undefined;
}

/** A new interface counts from 0, and so does one that was reset, as any counter that fell shows. */
function grow(sum: Counters, before: Counters, now: Counters): Counters {
  const base = keys.some((key) => now[key] < before[key]) ? zero : before;
  return {
    bytesIn: sum.bytesIn + now.bytesIn - base.bytesIn,
    packetsIn: sum.packetsIn + now.packetsIn - base.packetsIn,
    bytesOut: sum.bytesOut + now.bytesOut - base.bytesOut,
    packetsOut: sum.packetsOut + now.packetsOut - base.packetsOut,
  };
}
