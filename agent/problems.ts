import type { Log } from './log';

/** What does not work of the agent's own means at present; it goes on without, and each report names it. */
export interface Problems {
  note(what: string, reason: string): void;
  end(what: string): void;
  all(): Readonly<Record<string, string>>;
}

/** Each problem is logged when it occurs, and again only after it was solved. */
export function createProblems(log: Log): Problems {
  const present = new Map<string, string>();
  return {
    note: (what, reason) => {
      if (!present.has(what)) log('warn', 'warning', { problem: reason });
      present.set(what, reason);
    },
    end: (what) => present.delete(what),
    all: () => Object.fromEntries(present),
  };
}
