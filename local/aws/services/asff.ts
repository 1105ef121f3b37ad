import * as z from 'zod';

/** The AWS Security Finding Format as its pages state it (Security Hub user guide, "ASFF"; API reference, AwsSecurityFinding). */

const nonEmpty = (max: number, min = 1) =>
  z.string().min(min).max(max).regex(/\S/, 'should match pattern ".*\\S.*"');
const url = z.url({ protocol: /^https?$/ }).max(2_048);
const instant = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})$/,
    'should be a timestamp of RFC 3339',
  )
  .refine((text) => Number.isFinite(Date.parse(text)), 'should be a valid time');
const type = z
  .string()
  .regex(
    /^(Software and Configuration Checks|TTPs|Effects|Unusual Behaviors|Sensitive Data Identifications)(\/[^/]+){0,2}$/,
    'should be namespace/category/classifier',
  );
const label = z.enum(['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL']);
const workflowStatus = z.enum(['NEW', 'NOTIFIED', 'RESOLVED', 'SUPPRESSED']);

function map(maxKey: number, maxValue: number) {
  return z
    .record(nonEmpty(maxKey), nonEmpty(maxValue))
    .refine((fields) => Object.keys(fields).length <= 50, 'should NOT have more than 50 properties')
    .refine(
      (fields) => !Object.keys(fields).some((key) => key.startsWith('aws/')),
      'should NOT have names that begin with aws/',
    );
}

const resource = z.strictObject({
  // The types that ASFF has stand on "Resources"; AWS IoT has none.
  Type: z.literal('Other'),
  Id: nonEmpty(512),
  Partition: z.enum(['aws', 'aws-cn', 'aws-us-gov']).optional(),
  Region: nonEmpty(16).optional(),
  Details: z.strictObject({ Other: map(127, 1_023) }).optional(),
});

export const finding = z
  .strictObject({
    SchemaVersion: z.literal('2018-10-08'),
    Id: nonEmpty(512),
    ProductArn: nonEmpty(2_048, 12),
    ProductName: nonEmpty(128).optional(),
    CompanyName: nonEmpty(128).optional(),
    GeneratorId: nonEmpty(512),
    AwsAccountId: z.string().regex(/^\d{12}$/),
    Types: z.array(type).max(50).optional(),
    FirstObservedAt: instant.optional(),
    LastObservedAt: instant.optional(),
    CreatedAt: instant,
    UpdatedAt: instant,
    Severity: z.strictObject({ Label: label, Original: nonEmpty(64).optional() }).optional(),
    Title: nonEmpty(256),
    Description: nonEmpty(1_024),
    FindingProviderFields: z
      .strictObject({
        Severity: z.strictObject({ Label: label.optional(), Original: nonEmpty(64).optional() }).optional(),
        Types: z.array(type).max(50).optional(),
      })
      .optional(),
    Remediation: z
      .strictObject({
        Recommendation: z
          .strictObject({ Text: nonEmpty(512).optional(), Url: url.optional() })
          .refine(({ Text, Url }) => Url === undefined || Text !== undefined, {
            message: 'should have property Text when property Url is present',
          }),
      })
      .optional(),
    SourceUrl: url.optional(),
    ProductFields: map(128, 2_048).optional(),
    Resources: z.array(resource).min(1).max(32),
    Workflow: z.strictObject({ Status: workflowStatus }).optional(),
    RecordState: z.enum(['ACTIVE', 'ARCHIVED']).optional(),
    Sample: z.boolean().optional(),
  })
  .refine(
    ({ Severity, FindingProviderFields }) =>
      Severity ?? FindingProviderFields?.Severity?.Label ?? FindingProviderFields?.Severity?.Original,
    { path: ['FindingProviderFields', 'Severity'], message: 'should have a severity' },
  )
  .refine(({ Types, FindingProviderFields }) => Types ?? FindingProviderFields?.Types, {
    path: ['FindingProviderFields', 'Types'],
    message: 'should have a type',
  });

export type Finding = z.output<typeof finding>;

export const workflowUpdate = z.strictObject({
  FindingIdentifiers: z
    .array(z.strictObject({ Id: nonEmpty(512), ProductArn: nonEmpty(2_048, 12) }))
    .min(1)
    .max(100),
  Workflow: z.strictObject({ Status: workflowStatus }),
});
