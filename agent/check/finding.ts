/** The result of a check. Despite a warning, the agent can report; after a failure, it can't. */
export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

export function ok(check: string, detail: string): Finding {
  return { check, outcome: 'ok', detail };
}

export function warning(check: string, detail: string, advice?: string): Finding {
  return { check, outcome: 'warning', detail, ...(advice !== undefined && { advice }) };
}

export function failed(check: string, detail: string, advice?: string): Finding {
  return { check, outcome: 'failed', detail, ...(advice !== undefined && { advice }) };
}

export function skipped(check: string, detail: string): Finding {
  return { check, outcome: 'skipped', detail };
}
