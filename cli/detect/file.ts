import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseConfiguration } from '../../shared/config/parse';
import { readYaml, YamlError } from '../../shared/config/yaml';
import { unitMs } from '../../shared/domain/configuration/duration';
import type { Profiles } from '../../shared/domain/detection/state';
import { isValueTooDeep } from '../../shared/domain/json';
import { CliError, UsageError } from '../cli-error';
import { explainFileFault } from '../explain-file-fault';

/** A conformance file: security profiles, what things report over time, and the alerts that this must cause. */

const partMs = { ms: 1, ...unitMs };

/** `0s`, `90s`, `5m`, `49h` or a sum such as `2d1h30m`, after the start. */
const time = z
  .string()
  .regex(/^(\d{1,7}(ms|s|m|h|d))+$/, 'expected a time after the start such as 0s, 5m or 49h')
  .transform((text) =>
    [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)].reduce(
      (sum, [, count, unit]) => sum + Number(count) * partMs[unit as keyof typeof partMs],
      0,
    ),
  );

const values = z.record(z.string(), z.record(z.string(), z.unknown()));

const step = z
  .strictObject({
    at: time,
    thing: z.string().optional(),
    /** Metric -> value, as behaviors compare it: `{ bytes: { number: 7 } }`. */
    metrics: values.optional(),
    /** Or a whole report as a device sends it, names long or short. */
    report: z.record(z.string(), z.unknown()).optional(),
    /** Or a lifecycle event of AWS IoT. */
    event: z
      .strictObject({
        type: z.enum(['connected', 'disconnected', 'connect_failed']),
        session: z.string().default('session'),
        ip: z.string().optional(),
        reason: z.string().optional(),
        principal: z.string().default('principal'),
      })
      .optional(),
    /** Or only what the registry has from then on. */
    groups: z.array(z.string()).optional(),
    registered: z.boolean().optional(),
    reportId: z.int().positive().optional(),
    /** Client that sends the report (default: the thing). */
    client: z.string().optional(),
    /** Certificate of the client (default: that of the thing). */
    principal: z.string().optional(),
    /** When AWS IoT received a report that is handled late. */
    receivedAt: time.optional(),
    /** When the device says that it made the report. */
    madeAt: time.optional(),
  })
  .refine(
    ({ metrics, report, event }) => [metrics, report, event].filter((item) => item !== undefined).length <= 1,
    { message: 'expected one of metrics, report, event' },
  );

const alert = z.strictObject({
  at: time,
  thing: z.string().optional(),
  profile: z.string().optional(),
  behavior: z.string().optional(),
  type: z.enum(['in-alarm', 'alarm-cleared', 'alarm-invalidated']),
  value: z.record(z.string(), z.unknown()).optional(),
  /** Equal labels stand for equal violation ids. */
  violation: z.string().optional(),
});

const example = z.strictObject({
  name: z.string(),
  /** Instead of the file's. */
  securityProfiles: z.unknown().optional(),
  steps: z.array(step).min(1),
  /** The expected alerts in order. Without them, the alerts are only printed. */
  alerts: z.array(alert).optional(),
  /** How long the clock continues after the last step. */
  until: time.optional(),
});

const schema = z.strictObject({
  about: z.string().optional(),
  customMetrics: z.unknown().optional(),
  securityProfiles: z.unknown().optional(),
  examples: z.array(example).min(1),
});

export type Step = z.output<typeof step>;
export type ExpectedAlert = z.output<typeof alert>;

export interface Example {
  readonly name: string;
  readonly profiles: Profiles;
  readonly steps: readonly Step[];
  readonly alerts?: readonly ExpectedAlert[];
  readonly until?: number;
}

/** Reads a conformance file, or throws an error with the place and the reason. */
export function readExamples(file: string): Example[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} can't be read${explainFileFault(error)}`);
  }
  const parsed = schema.safeParse(readText(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CliError(`${file}: ${issue?.path.map(String).join('.') || 'the file'}: ${issue?.message}`);
  }
  const { customMetrics = {}, securityProfiles, examples } = parsed.data;
  return examples.map(({ name, securityProfiles: own, steps, alerts, until }, index) => {
    const profiles = readProfiles(customMetrics, own ?? securityProfiles, `${file}: examples.${index}`);
    const late = steps.findIndex((item, position) => item.at < (steps[position - 1]?.at ?? 0));
    if (late >= 0)
      throw new CliError(
        `${file}: examples.${index}.steps.${late}.at: earlier than the step before: put the steps in order`,
      );
    return { name, profiles, steps, ...(alerts && { alerts }), ...(until !== undefined && { until }) };
  });
}

function readText(text: string, file: string): unknown {
  let value: unknown;
  try {
    ({ value } = readYaml(text));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const [fault] = error.faults;
    throw new CliError(`${file}:${fault?.line}: ${fault?.message}`, error);
  }
  // By an alias it may hold itself.
  if (isValueTooDeep(value)) throw new CliError(`${file}: nested too deep`);
  return value;
}

/** The rules for the same parts of cordon.yml. */
function readProfiles(customMetrics: unknown, securityProfiles: unknown, where: string): Profiles {
  const playbooks = [{ name: 'any', mode: 'observe' }];
  const configuration = parseConfiguration(
    JSON.stringify({ customMetrics, securityProfiles, playbooks }),
    where,
  );
  return Object.entries(configuration.securityProfiles);
}
