import * as z from 'zod/mini';
import { deviceTexts } from './device-texts';
import { duration, senderName } from './fields';

const topicArn = z
  .string()
  .check(
    z.regex(
      /^arn:(aws|aws-cn|aws-us-gov):sns:[a-z]{2}[a-z0-9-]{1,30}:\d{12}:[\w-]{1,256}$/,
      'expected the ARN of a standard topic, such as arn:aws:sns:eu-west-1:123456789012:NAME',
    ),
  );

/** `alertsOf`: whose things the alerts are about, which a topic of another account or region does not show. */
export const sourceTopic = z.union(
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
    /** Matches the events on the default bus whose `detail` is such a finding. */
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
    /**
     * The field of OCSF's `device` that has the name of the thing. Without this setting, no field names a thing for
     * sure.
     */
    device: z.optional(z.enum(deviceTexts)),
    /** An older finding is set aside: it may be a repeat of one that was dealt with. */
    maxAge: z._default(duration, 900_000),
  })
  .check(
    z.refine(({ publishers, eventPattern }) => publishers !== undefined || eventPattern !== undefined, {
      message: 'expected publishers: [ARN], eventPattern, or both',
    }),
  );

/** What exists beside Cordon and sends it findings. */
export const sources = z.strictObject({
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
