import * as z from 'zod/mini';
import { parseJsonObject } from '../wire/json';

const faultRule = z.strictObject({
  /** SigV4 service, e.g. `iot`; any if absent. */
  service: z.optional(z.string()),
  /** IAM action (`iot:DescribeThing`) or its name alone (`DescribeThing`). */
  action: z.optional(z.string()),
  functionName: z.optional(z.string()),
  /** Only calls that have this text in their path or body, such as the name of a thing; any if absent. */
  contains: z.optional(z.string().check(z.minLength(1))),
  probability: z.number().check(z.minimum(0), z.maximum(1)),
  kind: z.enum(['throttle', 'error', 'refuse', 'latency', 'drop-response']),
  /** For a refusal: the name of AWS's error, answered with status 400. */
  error: z.optional(z.string().check(z.regex(/^[A-Za-z]+$/))),
  latencyMs: z.optional(z.number().check(z.minimum(0), z.maximum(60_000))),
  /** How often it fires before it is spent; without end if absent. */
  times: z.optional(z.number().check(z.minimum(0))),
});

const faultRequest = z.strictObject({
  rules: z.array(faultRule),
  /** Restarts the random source, so that a run can be repeated. */
  seed: z.optional(z.number()),
});

export type FaultRule = z.infer<typeof faultRule>;

interface FaultSubject {
  readonly service: string;
  readonly action: string;
  readonly functionName: string | undefined;
  /** Path and body, as sent. */
  readonly text: () => string;
}

interface DrawnFaults {
  readonly latencyMs: number;
  readonly outcome?: Exclude<FaultRule['kind'], 'latency'>;
  readonly error?: string;
}

export interface FaultInjector {
  setFaults(rules: readonly FaultRule[], seed?: number): void;
  /** The present rules; `times` is the remaining number. */
  rules(): FaultRule[];
  /** Draws for one call: delays add up, the first other fault decides. */
  draw(subject: FaultSubject): DrawnFaults;
}

type FaultRequest = z.infer<typeof faultRequest>;

export function parseFaultRequest(body: string): FaultRequest | { readonly problem: string } {
  const result = z.safeParse(faultRequest, parseJsonObject(body));
  return result.success ? result.data : { problem: z.prettifyError(result.error) };
}

export function createFaultInjector(random: () => number = Math.random): FaultInjector {
  let current: { rule: FaultRule; left: number }[] = [];
  let source = random;
  return {
    setFaults(rules, seed) {
      current = rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
      if (seed !== undefined) source = seededRandom(seed);
    },
    rules: () =>
      current.map(({ rule, left }) => (Number.isFinite(left) ? { ...rule, times: left } : { ...rule })),
    draw(subject) {
      let latencyMs = 0;
      for (const entry of current) {
        if (entry.left <= 0 || !applies(entry.rule, subject) || source() >= entry.rule.probability) continue;
        entry.left -= 1;
        latencyMs += entry.rule.latencyMs ?? 0;
        const { kind, error } = entry.rule;
        if (kind !== 'latency') return { latencyMs, outcome: kind, ...(error !== undefined && { error }) };
      }
      return { latencyMs };
    },
  };
}

/** mulberry32: a small generator with a seed, so that a run of faults can be repeated. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function applies(rule: FaultRule, { service, action, functionName, text }: FaultSubject): boolean {
  const actions = [action, action.slice(action.indexOf(':') + 1)].map((name) => name.toLowerCase());
  return (
    (rule.service === undefined || rule.service === service) &&
    (rule.action === undefined || actions.includes(rule.action.toLowerCase())) &&
    (rule.functionName === undefined || rule.functionName === functionName) &&
    (rule.contains === undefined || text().includes(rule.contains))
  );
}
