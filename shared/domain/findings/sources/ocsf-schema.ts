import * as z from 'zod/mini';
import '../../schema-language';

/**
 * Detection Findings of OCSF (class 2004) as a sender of `sources.external` publishes them. What the schema requires is
 * required here (github.com/ocsf/ocsf-schema: events/base_event.json, events/findings/finding.json,
 * objects/finding_info.json); of the rest, Cordon reads a few fields, and is silent about others. The class is as old as
 * schema 1.1, but products call their findings 1.0 too.
 */

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
const place = { region: z.optional(z.string()) };
const account = z.optional(z.object({ uid: z.optional(z.union([z.string(), z.int()])) }));

const resource = z.object({
  uid: z.optional(z.string()),
  name: z.optional(z.string()),
  type: z.optional(z.string()),
  ...place,
  owner: z.optional(z.object({ account })),
});

/** docs/external-finding.schema.json has it as JSON Schema. */
export const detectionFinding = z.object({
  class_uid: z.literal(2004),
  category_uid: z.literal(2, 'expected 2, findings'),
  activity_id: z.int(),
  type_uid: z.int(),
  severity_id: z.int(),
  time: z.number('expected epoch ms or seconds'),
  metadata: z.object({
    version: z.string().check(z.regex(/^1\.\d{1,2}\b/, 'expected OCSF 1.x')),
    product: z.object({ name: z.optional(z.string()), vendor_name: z.optional(z.string()) }),
  }),
  finding_info: z.object({
    uid: text(512),
    title: z.optional(z.string()),
    modified_time: z.optional(z.number()),
    src_url: z.optional(z.string()),
  }),
  status_id: z.optional(z.int()),
  status_code: z.optional(z.string()),
  message: z.optional(z.string()),
  cloud: z.optional(z.object({ account, ...place })),
  resources: z.optional(z.array(resource)),
  device: z.optional(
    z.object({
      uid: z.optional(z.string()),
      name: z.optional(z.string()),
      hostname: z.optional(z.string()),
    }),
  ),
});

export type DetectionFinding = z.output<typeof detectionFinding>;
