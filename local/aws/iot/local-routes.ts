import * as z from 'zod/mini';
import { jsonResponse, type LocalHandler, type LocalRoutes } from '../wire/local-routes';
import { IotServiceError } from './errors';
import { AuditFinding, setAuditFinding } from './operations/audits';
import { MetricValue } from './operations/security-profiles';
import type { IotRegistry } from './registry';
import type { AlarmEnd } from './violations';

const Violation = z.object({
  thingName: z.string(),
  securityProfileName: z.string(),
  behaviorName: z.string(),
  violationId: z.exactOptional(z.string()),
  /** A bare number is a `number` of a custom metric. */
  value: z.exactOptional(z.union([z.number(), MetricValue])),
  occurredAt: z.exactOptional(z.number()),
  state: z.enum(['in-alarm', 'alarm-cleared', 'alarm-invalidated']),
});

const JobExecution = z.object({
  jobId: z.string(),
  thingName: z.string(),
  status: z.enum(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED']),
  statusDetails: z.exactOptional(z.record(z.string(), z.string())),
});

function setViolation(registry: IotRegistry, input: z.output<typeof Violation>) {
  const { state, violationId, value, ...key } = input;
  const metricValue = typeof value === 'number' ? { number: value } : value;
  const rest = metricValue === undefined ? {} : { value: metricValue };
  if (state === 'in-alarm') {
    const id = violationId === undefined ? {} : { violationId };
    return registry.defender.setViolation({ ...key, ...id, ...rest });
  }
  const end: AlarmEnd = { ...key, state, ...rest };
  return registry.defender.clearViolation(end);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Answers 400 with a reason if the body or its content is wrong. */
function accept<T extends z.ZodMiniType>(schema: T, perform: (input: z.output<T>) => unknown): LocalHandler {
  return ({ body }) => {
    const result = z.safeParse(schema, parseJson(body));
    if (!result.success) {
      const [issue] = result.error.issues;
      return jsonResponse({ error: `${issue?.path.join('.') || 'body'}: ${issue?.message}` }, 400);
    }
    try {
      return jsonResponse(perform(result.data));
    } catch (error) {
      if (error instanceof IotServiceError) return jsonResponse({ error: error.message }, 400);
      throw error;
    }
  };
}

/** Events that AWS and devices cause themselves, and that a test sets here. */
export function iotLocalRoutes(registry: IotRegistry): LocalRoutes {
  return {
    'POST /_cordon/violations': accept(Violation, (input) => setViolation(registry, input)),
    'POST /_cordon/audit-findings': accept(AuditFinding, (input) => setAuditFinding(registry, input)),
    'POST /_cordon/job-executions': accept(JobExecution, ({ jobId, thingName, ...update }) =>
      registry.jobs.setExecutionStatus(jobId, thingName, update),
    ),
  };
}
