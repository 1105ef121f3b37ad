/** What one look found. A warning does not keep the agent from reporting; after a failure it would not work. */
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
