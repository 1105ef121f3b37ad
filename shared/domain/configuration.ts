import * as z from 'zod';
import { actionNames } from './actions/registry';
import { registryName } from './text';

/**
 * Schema of the part of cordon.yml that the rules read; `shared/config/schema.ts` adds the channels. Validated once when
 * packaging; functions get the validated value and import only its types.
 */

const name = z
  .string()
  .regex(registryName, 'expected 1 to 128 characters of a-z A-Z 0-9 : _ - (AWS IoT names)');

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `30m`, `24h`, `7d` -> milliseconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, 'expected a duration such as 90s, 30m, 24h or 7d')
  .transform((text) => Number(text.slice(0, -1)) * unitMs[text.slice(-1) as keyof typeof unitMs]);

const metricName = name.refine((text) => !/^(aws|cordon):/.test(text), {
  message: 'a custom metric must not start with aws: or cordon:',
});

const customMetric = z.strictObject({
  type: z.enum(['number', 'number-list', 'string-list', 'ip-address-list']),
  displayName: z.string().max(128).optional(),
});

const criteriaValue = z
  .strictObject({
    count: z.int().min(0).optional(),
    number: z.number().optional(),
    numbers: z.array(z.number()).min(1).optional(),
    strings: z.array(z.string()).min(1).optional(),
    ports: z.array(z.int().min(0).max(65_535)).min(1).optional(),
    cidrs: z.array(z.string().min(2).max(43)).min(1).optional(),
  })
  .refine((value) => Object.keys(value).length === 1, {
    message: 'expected exactly one of count, number, numbers, strings, ports, cidrs',
  });

const comparisonOperators = [
  'less-than',
  'less-than-equals',
  'greater-than',
  'greater-than-equals',
  'in-set',
  'not-in-set',
  'in-port-set',
  'not-in-port-set',
  'in-cidr-set',
  'not-in-cidr-set',
] as const;

/** Percentiles of the API; `p0.01` and the like are its own words. */
const statistics = [
  'p0',
  'p0.1',
  'p0.01',
  'p1',
  'p10',
  'p50',
  'p90',
  'p99',
  'p99.9',
  'p99.99',
  'p100',
] as const;

const criteria = z
  .strictObject({
    comparisonOperator: z.enum(comparisonOperators).optional(),
    value: criteriaValue.optional(),
    statisticalThreshold: z.strictObject({ statistic: z.enum(statistics) }).optional(),
    mlDetectionConfig: z.strictObject({ confidenceLevel: z.enum(['LOW', 'MEDIUM', 'HIGH']) }).optional(),
    durationSeconds: z.literal([300, 600, 900, 1800, 3600]).optional(),
    consecutiveDatapointsToAlarm: z.int().min(1).max(10).default(1),
    consecutiveDatapointsToClear: z.int().min(1).max(10).default(1),
  })
  .refine(
    ({ value, statisticalThreshold, mlDetectionConfig }) =>
      [value, statisticalThreshold, mlDetectionConfig].filter((kind) => kind !== undefined).length === 1,
    { message: 'expected exactly one of value, statisticalThreshold, mlDetectionConfig' },
  );

const behavior = z.strictObject({
  name,
  metric: z.string().regex(registryName, 'expected a metric name'),
  criteria,
  suppressAlerts: z.boolean().default(false),
});

const target = z
  .string()
  .regex(
    /^(all\/(registered-things|unregistered-things|things)|thinggroup\/[a-zA-Z0-9:_-]{1,128})$/,
    'expected all/registered-things, all/unregistered-things, all/things or thinggroup/NAME',
  );

const securityProfile = z.strictObject({
  description: z.string().max(1000).optional(),
  targets: z.array(target).min(1).max(100),
  behaviors: z.array(behavior).min(1).max(100),
  additionalMetricsToRetain: z.array(z.string()).default([]),
});

const actions = z.array(z.enum(actionNames));

/** What AWS IoT stores of an attribute (API reference, AttributePayload). An empty value removes it, so none is ever there. */
const attributeName = z
  .string()
  .regex(
    /^[a-zA-Z0-9_.,@/:#-]{1,128}$/,
    'no attribute is called so: expected 1 to 128 of a-z A-Z 0-9 _ . , @ / : # -',
  );
const attributeValue = z
  .string()
  .regex(
    /^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/,
    'no attribute has this value: expected 1 to 800 of a-z A-Z 0-9 _ . , @ / : # = [ ] -',
  );

const attribute = z
  .record(attributeName, attributeValue)
  .refine((value) => Object.keys(value).length === 1, { message: 'expected one attribute and its value' });

/** Who releases: an operator, or time. A clear alone never does, but it may start a clean hold time. */
const release = z.union(
  [
    z.strictObject({ by: z.literal('operator') }),
    z.strictObject({ clearedFor: duration }),
    z.strictObject({ after: duration }),
  ],
  { error: 'expected { by: operator }, { clearedFor: 30m } or { after: 24h }' },
);

/** A child that is expected, as in the agent's `except`: the file that runs, never a name that a process gives itself. */
const exception = z.strictObject(
  {
    executable: z
      .string()
      .regex(
        /^\/[^\s…]{0,510}[^\s/…]$/u,
        'expected the absolute path of a program without spaces: a process can give itself any name',
      ),
    arguments: z
      .array(
        z
          .string()
          .regex(/^[^\s…]+$/u, 'expected an argument without spaces, as evidence tells only those apart')
          .refine((text) => !text.includes('***'), { message: 'the agent hides what looks like a secret' }),
      )
      .max(64)
      .optional(),
  },
  {
    error: ({ code, input }) =>
      code === 'invalid_type'
        ? `expected { executable: /usr/bin/curl, arguments: [-V] }, not ${typeof input === 'string' ? `the name ${input}, which a process can give itself` : 'this'}`
        : undefined,
  },
);

const playbook = z.strictObject({
  name,
  when: z
    .strictObject({
      securityProfile: name.optional(),
      behavior: name.optional(),
      metric: z.string().optional(),
      thingGroup: name.optional(),
      thingType: name.optional(),
      attribute: attribute.optional(),
      /** At least this confidence of an ML behavior. */
      confidence: z.enum(['LOW', 'MEDIUM', 'HIGH']).optional(),
    })
    .default({}),
  severity: z.enum(['critical', 'high', 'medium', 'low']).default('medium'),
  mode: z.enum(['observe', 'approve', 'enforce']),
  actions: actions.default([]),
  /** Of a thing that was contained this often within the time: more actions. */
  escalate: z
    .strictObject({ afterContainments: z.int().min(1).max(20), within: duration, actions: actions.min(1) })
    .optional(),
  release: release.default({ by: 'operator' }),
  /** If each child in the evidence of an alarm matches one of these, the alarm is only recorded. */
  unless: z.array(exception).min(1).max(32).optional(),
});

const exemption = z
  .strictObject({
    thingGroup: name.optional(),
    attribute: attribute.optional(),
  })
  .refine((value) => Object.keys(value).length === 1, { message: 'expected thingGroup or attribute' });

const topicArn = z
  .string()
  .regex(
    /^arn:(aws|aws-cn|aws-us-gov):sns:[a-z]{2}[a-z0-9-]{1,30}:\d{12}:[\w-]{1,256}$/,
    'expected the ARN of a standard topic, such as arn:aws:sns:eu-west-1:123456789012:NAME',
  );

/** `alertsOf`: whose things the alerts are about, which a topic of another account or region does not tell. */
const sourceTopic = z.union(
  [
    topicArn.transform((arn) => ({ arn, alertsOf: 'topic-account' as const })),
    z.strictObject({ arn: topicArn, alertsOf: z.literal('this-account') }),
  ],
  {
    error:
      'expected the ARN of a standard topic, such as arn:aws:sns:eu-west-1:123456789012:NAME, or { arn: ARN, alertsOf: this-account }',
  },
);

/** What exists beside Cordon and sends it findings. */
const sources = z.strictObject({
  deviceDefender: z
    .strictObject({
      /** A queue policy has 20 statements at most; each topic takes two. */
      topics: z.array(sourceTopic).max(5).default([]),
      /** Alerts of profiles that this file does not define have playbooks too. */
      profiles: z.literal('existing', { error: 'expected existing, or nothing' }).optional(),
    })
    .refine(({ topics, profiles }) => topics.length > 0 || profiles !== undefined, {
      message: 'expected topics: [ARN], profiles: existing, or both',
    })
    .optional(),
});

export const configurationSchema = z.strictObject({
  detector: z.enum(['cordon', 'device-defender', 'both']).default('cordon'),
  customMetrics: z.record(metricName, customMetric).default({}),
  securityProfiles: z.record(name, securityProfile).default({}),
  sources: sources.prefault({}),
  playbooks: z.array(playbook).min(1),
  guards: z
    .strictObject({
      exempt: z.array(exemption).default([]),
      fleetLimit: z
        .strictObject({
          things: z.int().min(1),
          /** Of the registry's things, as the sweep counted them last; the smaller of the two limits holds. */
          percent: z.number().gt(0).max(100).optional(),
          within: duration,
        })
        .default({ things: 10, within: 600_000 }),
      maxThingsSharingPolicy: z.int().min(1).default(1),
      /** After this time, an approval request expires, and the case is only recorded. */
      approvalExpires: duration.default(86_400_000),
    })
    .prefault({}),
  quarantine: z
    .strictObject({
      thingGroup: name.default('cordon-quarantine'),
      /** What keeps the device out while IoT Core uses cached policies (6 to 8 minutes). */
      untilPoliciesSpread: z
        .enum(['deactivate-certificate', 'cut-reconnects'])
        .default('deactivate-certificate'),
      keepTopics: z
        .array(z.string().regex(/^[^\s#+*]+(\/\*)?$/, 'expected a topic, * only as its last level'))
        .min(1)
        // biome-ignore-start lint/suspicious/noTemplateCurlyInString: a placeholder of cordon.yml, not of TypeScript.
        .default([
          '$aws/things/${thing}/defender/*',
          '$aws/things/${thing}/shadow/*',
          '$aws/things/${thing}/jobs/*',
          'cordon/things/${thing}/*',
        ]),
      // biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of the placeholders.
    })
    .prefault({}),
  history: z
    .strictObject({
      /** How long a closed case is kept, with its timeline. */
      keepClosed: z
        .union([z.literal('forever'), duration], { error: 'expected a duration such as 400d, or forever' })
        .default(400 * unitMs.d),
    })
    .prefault({}),
  /** What a `job` action has the device do. */
  job: z
    .strictObject({ document: z.record(z.string(), z.unknown()) })
    .default({ document: { operation: 'cordon-collect-evidence' } }),
});

export type Configuration = z.output<typeof configurationSchema>;
export type SourceTopic = z.output<typeof sourceTopic>;
export type SecurityProfile = Configuration['securityProfiles'][string];
export type Behavior = SecurityProfile['behaviors'][number];
export type Criteria = Behavior['criteria'];
export type Playbook = Configuration['playbooks'][number];
export type ReleaseRule = Playbook['release'];
export type Severity = Playbook['severity'];
