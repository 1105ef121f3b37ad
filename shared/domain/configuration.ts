import * as z from 'zod/mini';
import { actionNames } from './actions/registry';
import { auditChecks } from './findings/audit-checks';
import './schema-language';
import { registryName } from './text';

/**
 * Schema of the part of cordon.yml that the rules read; `shared/config/schema.ts` adds the channels. Validated once when
 * packaging; functions get the validated value and import only its types.
 */

const name = z
  .string()
  .check(z.regex(registryName, 'expected 1 to 128 characters of a-z A-Z 0-9 : _ - (AWS IoT names)'));

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `30m`, `24h`, `7d` -> milliseconds. */
export const duration = z.pipe(
  z.string().check(z.regex(/^[1-9]\d{0,5}[smhd]$/, 'expected a duration such as 90s, 30m, 24h or 7d')),
  z.transform((text) => Number(text.slice(0, -1)) * unitMs[text.slice(-1) as keyof typeof unitMs]),
);

const metricName = name.check(
  z.refine((text) => !/^(aws|cordon):/.test(text), {
    message: 'a custom metric must not start with aws: or cordon:',
  }),
);

const customMetric = z.strictObject({
  type: z.enum(['number', 'number-list', 'string-list', 'ip-address-list']),
  displayName: z.optional(z.string().check(z.maxLength(128))),
});

const criteriaValue = z
  .strictObject({
    count: z.optional(z.int().check(z.gte(0))),
    number: z.optional(z.number()),
    numbers: z.optional(z.array(z.number()).check(z.minLength(1))),
    strings: z.optional(z.array(z.string()).check(z.minLength(1))),
    ports: z.optional(z.array(z.int().check(z.gte(0), z.lte(65_535))).check(z.minLength(1))),
    cidrs: z.optional(z.array(z.string().check(z.minLength(2), z.maxLength(43))).check(z.minLength(1))),
  })
  .check(
    z.refine((value) => Object.keys(value).length === 1, {
      message: 'expected exactly one of count, number, numbers, strings, ports, cidrs',
    }),
  );

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
    comparisonOperator: z.optional(z.enum(comparisonOperators)),
    value: z.optional(criteriaValue),
    statisticalThreshold: z.optional(z.strictObject({ statistic: z.enum(statistics) })),
    mlDetectionConfig: z.optional(z.strictObject({ confidenceLevel: z.enum(['LOW', 'MEDIUM', 'HIGH']) })),
    durationSeconds: z.optional(z.literal([300, 600, 900, 1800, 3600])),
    consecutiveDatapointsToAlarm: z._default(z.int().check(z.gte(1), z.lte(10)), 1),
    consecutiveDatapointsToClear: z._default(z.int().check(z.gte(1), z.lte(10)), 1),
  })
  .check(
    z.refine(
      ({ value, statisticalThreshold, mlDetectionConfig }) =>
        [value, statisticalThreshold, mlDetectionConfig].filter((kind) => kind !== undefined).length === 1,
      { message: 'expected exactly one of value, statisticalThreshold, mlDetectionConfig' },
    ),
  );

const behavior = z.strictObject({
  name,
  metric: z.string().check(z.regex(registryName, 'expected a metric name')),
  /** A dimension that the account has, whose topics filter what the metric counts. */
  metricDimension: z.optional(
    z.strictObject({ dimensionName: name, operator: z._default(z.enum(['IN', 'NOT_IN']), 'IN') }),
  ),
  criteria,
  suppressAlerts: z._default(z.boolean(), false),
});

const target = z
  .string()
  .check(
    z.regex(
      /^(all\/(registered-things|unregistered-things|things)|thinggroup\/[a-zA-Z0-9:_-]{1,128})$/,
      'expected all/registered-things, all/unregistered-things, all/things or thinggroup/NAME',
    ),
  );

const securityProfile = z.strictObject({
  description: z.optional(z.string().check(z.maxLength(1000))),
  targets: z.array(target).check(z.minLength(1), z.maxLength(100)),
  behaviors: z.array(behavior).check(z.minLength(1), z.maxLength(100)),
  additionalMetricsToRetain: z._default(z.array(z.string()), []),
});

const actions = z.array(z.enum(actionNames));

/** What AWS IoT stores of an attribute (API reference, AttributePayload). An empty value removes it, so none is ever there. */
const attributeName = z
  .string()
  .check(
    z.regex(
      /^[a-zA-Z0-9_.,@/:#-]{1,128}$/,
      'no attribute is called so: expected 1 to 128 of a-z A-Z 0-9 _ . , @ / : # -',
    ),
  );
const attributeValue = z
  .string()
  .check(
    z.regex(
      /^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/,
      'no attribute has this value: expected 1 to 800 of a-z A-Z 0-9 _ . , @ / : # = [ ] -',
    ),
  );

const attribute = z
  .record(attributeName, attributeValue)
  .check(
    z.refine((value) => Object.keys(value).length === 1, { message: 'expected one attribute and its value' }),
  );

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
      .check(
        z.regex(
          /^\/[^\s…]{0,510}[^\s/…]$/u,
          'expected the absolute path of a program without spaces: a process can give itself any name',
        ),
      ),
    arguments: z.optional(
      z
        .array(
          z.string().check(
            z.regex(
              /^[^\s…]+$/u,
              'expected an argument without spaces, because evidence does not show where an argument with spaces ends',
            ),
            z.refine((text) => !text.includes('***'), {
              message: 'the agent hides what looks like a secret',
            }),
          ),
        )
        .check(z.maxLength(64)),
    ),
  },
  {
    error: ({ code, input }) =>
      code === 'invalid_type'
        ? `expected { executable: /usr/bin/curl, arguments: [-V] }, not ${typeof input === 'string' ? `the name ${input}, which a process can give itself` : 'this'}`
        : undefined,
  },
);

const severity = z.enum(['critical', 'high', 'medium', 'low']);

const senderName = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected 1 to 32 of a-z 0-9 -, beginning with a letter'));

const playbook = z.strictObject({
  name,
  when: z._default(
    z.strictObject({
      securityProfile: z.optional(name),
      behavior: z.optional(name),
      metric: z.optional(z.string()),
      thingGroup: z.optional(name),
      thingType: z.optional(name),
      attribute: z.optional(attribute),
      /** At least this confidence of an ML behavior. */
      confidence: z.optional(z.enum(['LOW', 'MEDIUM', 'HIGH'])),
      /** A sender of `sources.external`, whose findings no other playbook is for. */
      source: z.optional(senderName),
      /** At least this severity of its finding. */
      severity: z.optional(severity),
      /** A check of Device Defender Audit, whose findings no other playbook is for. */
      auditCheck: z.optional(z.enum(auditChecks)),
    }),
    {},
  ),
  severity: z._default(severity, 'medium'),
  mode: z.enum(['observe', 'approve', 'enforce']),
  actions: z._default(actions, []),
  /** Of a thing that was contained this often within the time: more actions. */
  escalate: z.optional(
    z.strictObject({
      afterContainments: z.int().check(z.gte(1), z.lte(20)),
      within: duration,
      actions: actions.check(z.minLength(1)),
    }),
  ),
  release: z._default(release, { by: 'operator' }),
  /** If each child in the evidence of an alarm matches one of these, the alarm is only recorded. */
  unless: z.optional(z.array(exception).check(z.minLength(1), z.maxLength(32))),
});

const exemption = z
  .strictObject({
    thingGroup: z.optional(name),
    attribute: z.optional(attribute),
  })
  .check(
    z.refine((value) => Object.keys(value).length === 1, { message: 'expected thingGroup or attribute' }),
  );

const topicArn = z
  .string()
  .check(
    z.regex(
      /^arn:(aws|aws-cn|aws-us-gov):sns:[a-z]{2}[a-z0-9-]{1,30}:\d{12}:[\w-]{1,256}$/,
      'expected the ARN of a standard topic, such as arn:aws:sns:eu-west-1:123456789012:NAME',
    ),
  );

/** `alertsOf`: whose things the alerts are about, which a topic of another account or region does not show. */
const sourceTopic = z.union(
  [
    z.pipe(
      topicArn,
      z.transform((arn: string) => ({ arn, alertsOf: 'topic-account' as const })),
    ),
    z.strictObject({ arn: topicArn, alertsOf: z.literal('this-account') }),
  ],
  {
    error:
      'expected the ARN of a standard topic, such as arn:aws:sns:eu-west-1:123456789012:NAME, or { arn: ARN, alertsOf: this-account }',
  },
);

/** Who may publish findings, as IAM knows it: no wildcard, and no whole account. */
const publisher = z
  .string()
  .check(
    z.regex(
      /^arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:(role|user)\/[\w+=,.@/-]{1,576}$/,
      'expected the ARN of one role or user, such as arn:aws:iam::123456789012:role/NAME',
    ),
  );

/** Who sends findings of other products, as OCSF Detection Findings. */
const sender = z
  .strictObject({
    name: senderName,
    publishers: z.optional(z.array(publisher).check(z.minLength(1), z.maxLength(10))),
    /** Of events on the default bus whose `detail` is such a finding. */
    eventPattern: z.optional(
      z.record(z.string(), z.unknown()).check(
        z.refine((pattern) => Object.keys(pattern).length > 0, {
          message: 'expected a condition: it would match every event',
        }),
      ),
    ),
    /** How many things it may have contained. */
    limit: z._default(z.strictObject({ things: z.int().check(z.gte(1), z.lte(1_000)), within: duration }), {
      things: 3,
      within: 3_600_000,
    }),
    /** The text of OCSF's `device` that has the name of the thing: none of them does by itself. */
    device: z.optional(z.enum(['name', 'uid', 'hostname'])),
    /** An older finding is set aside: it may be a repeat of one that was dealt with. */
    maxAge: z._default(duration, 900_000),
  })
  .check(
    z.refine(({ publishers, eventPattern }) => publishers !== undefined || eventPattern !== undefined, {
      message: 'expected publishers: [ARN], eventPattern, or both',
    }),
  );

/** What exists beside Cordon and sends it findings. */
const sources = z.strictObject({
  deviceDefender: z.optional(
    z
      .strictObject({
        /** A queue policy has 20 statements at most; each topic takes two. */
        topics: z._default(z.array(sourceTopic).check(z.maxLength(5)), []),
        /** Alerts of profiles that this file does not define have playbooks too. */
        profiles: z.optional(z.literal('existing', { error: 'expected existing, or nothing' })),
        /** Findings of Device Defender Audit become cases. */
        audit: z._default(z.boolean(), false),
      })
      .check(
        z.refine(({ topics, profiles, audit }) => topics.length > 0 || profiles !== undefined || audit, {
          message: 'expected topics: [ARN], profiles: existing, audit: true, or several',
        }),
      ),
  ),
  external: z._default(z.array(sender).check(z.maxLength(5)), []),
});

export const configurationSchema = z.strictObject({
  detector: z._default(z.enum(['cordon', 'device-defender', 'both']), 'cordon'),
  customMetrics: z._default(z.record(metricName, customMetric), {}),
  securityProfiles: z._default(z.record(name, securityProfile), {}),
  sources: z.prefault(sources, {}),
  playbooks: z.array(playbook).check(z.minLength(1)),
  guards: z.prefault(
    z.strictObject({
      exempt: z._default(z.array(exemption), []),
      fleetLimit: z._default(
        z.strictObject({
          things: z.int().check(z.gte(1)),
          /** Of the registry's things, as the sweep counted them last; the smaller of the two limits holds. */
          percent: z.optional(z.number().check(z.gt(0), z.lte(100))),
          within: duration,
        }),
        { things: 10, within: 600_000 },
      ),
      maxThingsSharingPolicy: z._default(z.int().check(z.gte(1)), 1),
      /** After this time, an approval request expires, and the case is only recorded. */
      approvalExpires: z._default(duration, 86_400_000),
      /** What cuts a device off by hand, or overrides a guard, needs a second person (decide/second-person.ts). */
      fourEyes: z._default(z.boolean(), false),
    }),
    {},
  ),
  quarantine: z.prefault(
    z.strictObject({
      thingGroup: z._default(name, 'cordon-quarantine'),
      /** The account has the group already: the stack neither creates nor deletes it. */
      adopt: z._default(z.boolean(), false),
      /** A deny policy that the account has already, with `adopt`: the stack neither creates, changes nor deletes it. */
      policy: z.optional(
        z.string().check(z.regex(/^[\w+=,.@-]{1,128}$/, 'expected the name of an IoT policy')),
      ),
      /** What keeps the device out while IoT Core uses cached policies (6 to 8 minutes). */
      untilPoliciesSpread: z._default(
        z.enum(['deactivate-certificate', 'cut-reconnects']),
        'deactivate-certificate',
      ),
      keepTopics: z._default(
        z
          .array(
            z.string().check(z.regex(/^[^\s#+*]+(\/\*)?$/, 'expected a topic, * only as its last level')),
          )
          .check(z.minLength(1)),
        // biome-ignore-start lint/suspicious/noTemplateCurlyInString: a placeholder of cordon.yml, not of TypeScript.
        [
          '$aws/things/${thing}/defender/*',
          '$aws/things/${thing}/shadow/*',
          '$aws/things/${thing}/jobs/*',
          'cordon/things/${thing}/*',
        ],
        // biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of the placeholders.
      ),
    }),
    {},
  ),
  history: z.prefault(
    z.strictObject({
      /** How long a closed case is kept, with its timeline. */
      keepClosed: z._default(
        z.union([z.literal('forever'), duration], { error: 'expected a duration such as 400d, or forever' }),
        400 * unitMs.d,
      ),
    }),
    {},
  ),
  /** What a `job` action has the device do. */
  job: z._default(z.strictObject({ document: z.record(z.string(), z.unknown()) }), {
    document: { operation: 'cordon-collect-evidence' },
  }),
});

export type Configuration = z.output<typeof configurationSchema>;
export type SourceTopic = z.output<typeof sourceTopic>;
export type SecurityProfile = Configuration['securityProfiles'][string];
export type Behavior = SecurityProfile['behaviors'][number];
export type Criteria = Behavior['criteria'];
export type Playbook = Configuration['playbooks'][number];
export type ReleaseRule = Playbook['release'];
export type Severity = Playbook['severity'];
