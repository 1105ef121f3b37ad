import type { Log } from './log';

/** The agent's own parts that fail at present: it continues without them, and each report names them. */
export interface Problems {
  /** `again` tries it again, and notes or ends the problem. */
  note(what: string, reason: string, again?: () => void): void;
  end(what: string): void;
  /** Tries again, because a full disk may have room now, and the agent may have nothing else to write for weeks. */
  retry(): void;
  all(): Readonly<Record<string, string>>;
}

/** Each problem is logged when it occurs, and again only after it was solved. */
export function createProblems(log: Log): Problems {
  const present = new Map<string, { readonly reason: string; readonly again: (() => void) | undefined }>();
  return {
    note: (what, reason, again) => {
      if (!present.has(what)) log('warn', 'warning', { problem: reason });
      present.set(what, { reason, again });
    },
    end: (what) => present.delete(what),
    retry: () => {
      for (const { again } of [...present.values()]) again?.();
    },
    all: () => Object.fromEntries([...present].map(([what, { reason }]) => [what, reason])),
  };
}
