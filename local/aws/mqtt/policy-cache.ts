/** The inputs of a decision: group policies reach a certificate only under the thing's own client id, never over HTTPS. */
interface PolicySubject {
  readonly certificateId: string;
  readonly clientId?: string;
}

export interface PolicyCacheOptions<Statements> {
  readonly compute: (subject: PolicySubject) => Statements;
  /** Changes of the registry are counted here. */
  readonly version: () => number;
  readonly delaySeconds: number;
  readonly now: () => number;
}

export interface PolicyCache<Statements> {
  /** The statements in force for a subject at this moment. */
  statementsOf(subject: PolicySubject): Statements;
  /** Tells the cache that the registry has changed, so that it knows when. */
  noteChange(): void;
  setDelaySeconds(seconds: number): void;
}

interface Entry<Statements> {
  readonly subject: PolicySubject;
  current: Statements;
  fingerprint: string;
  version: number;
  /** Changes that are made but not yet in force, oldest first. */
  pending: { readonly statements: Statements; readonly fingerprint: string; readonly madeAt: number }[];
}

/** Cached subjects; beyond it the least recently used is dropped, since devices can invent client ids. */
const MAX_ENTRIES = 20_000;

/**
 * Delays policy changes as AWS IoT does (6 to 8 minutes there). A change counts from when it was made, and neither a
 * new session nor a new decision brings it forward.
 */
export function createPolicyCache<Statements>(
  options: PolicyCacheOptions<Statements>,
): PolicyCache<Statements> {
  const { compute, version, now } = options;
  const entries = new Map<string, Entry<Statements>>();
  let delayMs = options.delaySeconds * 1000;

  function refresh(entry: Entry<Statements>, madeAt: number): void {
    if (entry.version === version()) return;
    entry.version = version();
    const statements = compute(entry.subject);
    const fingerprint = JSON.stringify(statements);
    const last = entry.pending.at(-1) ?? entry;
    if (last.fingerprint !== fingerprint) entry.pending.push({ statements, fingerprint, madeAt });
  }

  function settle(entry: Entry<Statements>): Statements {
    for (let next = entry.pending[0]; next && now() - next.madeAt >= delayMs; next = entry.pending[0]) {
      entry.current = next.statements;
      entry.fingerprint = next.fingerprint;
      entry.pending.shift();
    }
    return entry.current;
  }

  function create(subject: PolicySubject): Entry<Statements> {
    const current = compute(subject);
    const fingerprint = JSON.stringify(current);
    return { subject, current, fingerprint, version: version(), pending: [] };
  }

  return {
    statementsOf(subject) {
      const key = JSON.stringify([subject.certificateId, subject.clientId]);
      const entry = entries.get(key) ?? create(subject);
      refresh(entry, now());
      entries.delete(key);
      entries.set(key, entry);
      const [oldest] = entries.keys();
      if (entries.size > MAX_ENTRIES && oldest !== undefined) entries.delete(oldest);
      return settle(entry);
    },
    noteChange() {
      // Without a delay, the next decision reads the change directly; the work here only dates it.
      if (delayMs === 0) return;
      for (const entry of entries.values()) {
        refresh(entry, now());
        settle(entry);
      }
    },
    setDelaySeconds(seconds) {
      for (const entry of entries.values()) {
        refresh(entry, now());
        settle(entry);
      }
      delayMs = seconds * 1000;
    },
  };
}
