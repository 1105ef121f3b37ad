import * as z from 'zod';

/**
 * The Detection Finding (class 2004) of OCSF 1.3.0 with its cloud profile, as far as Cordon fills it: required
 * attributes, types, enumerations and constraints of events/findings/finding.json, events/findings/detection_finding.json
 * and objects/*.json of github.com/ocsf/ocsf-schema, release v1.3.0 (the same at schema.ocsf.io/1.3.0/classes/
 * detection_finding). Strict, since an attribute the class doesn't have belongs into `unmapped`. No registry has the
 * schema of this version as a package.
 */

/** timestamp_t: epoch ms. */
const timestamp = z.int();
const name = z.string().min(1);

/** An identifier of an enumeration, and the caption that belongs beside it. */
function captioned<K extends string>(id: K, caption: string, captions: Readonly<Record<number, string>>) {
  return (value: Readonly<Record<string, unknown>>) => captions[Number(value[id])] === value[caption];
}

const user = z.strictObject({ name });
// objects/file.json: name and type_id are required; 1 is a regular file.
const file = z.strictObject({ name, type_id: z.literal([0, 1, 2, 3, 4, 5, 6, 7, 99]), path: z.string() });
const parentProcess = z.strictObject({ pid: z.int(), name: z.string().optional() });
const process = z.strictObject({
  pid: z.int(),
  name: z.string().optional(),
  cmd_line: z.string().optional(),
  file: file.optional(),
  user: user.optional(),
  created_time: timestamp.optional(),
  parent_process: parentProcess.optional(),
});

// objects/evidences.json: at least one of its artifacts; `data` is of type json_t.
const evidences = z
  .strictObject({ process: process.optional(), data: z.record(z.string(), z.unknown()).optional() })
  .refine(({ process, data }) => process !== undefined || data !== undefined, 'at_least_one');

export const detectionFinding = z
  .strictObject({
    activity_id: z.literal([0, 1, 2, 3, 99]),
    activity_name: z.string(),
    category_uid: z.literal(2),
    category_name: z.literal('Findings'),
    class_uid: z.literal(2004),
    class_name: z.literal('Detection Finding'),
    type_uid: z.int(),
    type_name: z.string(),
    time: timestamp,
    severity_id: z.literal([0, 1, 2, 3, 4, 5, 6, 99]),
    severity: z.string(),
    status_id: z.literal([0, 1, 2, 3, 4, 99]),
    status: z.string(),
    status_detail: z.string().optional(),
    message: z.string(),
    metadata: z.strictObject({
      version: z.literal('1.3.0'),
      product: z.strictObject({ vendor_name: name, name, version: z.string() }),
      profiles: z.tuple([z.literal('cloud')]),
      uid: name,
    }),
    finding_info: z.strictObject({
      uid: name,
      title: name,
      desc: z.string(),
      types: z.array(z.string()),
      created_time: timestamp,
      modified_time: timestamp,
      first_seen_time: timestamp.optional(),
      last_seen_time: timestamp.optional(),
    }),
    resources: z.array(
      z.strictObject({
        uid: name,
        name,
        type: z.string(),
        data: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
    evidences: z.array(evidences),
    remediation: z.strictObject({ desc: name }).optional(),
    // profiles/cloud.json requires `cloud` and its `provider`.
    cloud: z.strictObject({
      provider: name,
      region: name.optional(),
      account: z.strictObject({ uid: name }).optional(),
    }),
    unmapped: z.record(z.string(), z.unknown()),
  })
  .refine(
    captioned('activity_id', 'activity_name', { 1: 'Create', 2: 'Update', 3: 'Close' }),
    'activity_name',
  )
  .refine(
    captioned('severity_id', 'severity', { 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical' }),
    'severity',
  )
  .refine(
    captioned('status_id', 'status', { 1: 'New', 2: 'In Progress', 3: 'Suppressed', 4: 'Resolved' }),
    'status',
  )
  .refine(
    ({ type_uid, class_uid, activity_id }) => type_uid === class_uid * 100 + activity_id,
    'type_uid is class_uid * 100 + activity_id',
  )
  .refine(
    ({ type_name, class_name, activity_name }) => type_name === `${class_name}: ${activity_name}`,
    'type_name',
  );
