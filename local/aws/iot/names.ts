import type { AwsIdentity } from '../../types';
import { invalid } from './errors';

/** Patterns and lengths of the botocore model of `iot`. */
const NAME_RULES = {
  thingName: /^[a-zA-Z0-9:_-]{1,128}$/,
  thingTypeName: /^[a-zA-Z0-9:_-]{1,128}$/,
  thingGroupName: /^[a-zA-Z0-9:_-]{1,128}$/,
  policyName: /^[\w+=,.@-]{1,128}$/,
  policyVersionId: /^[0-9]{1,32}$/,
  certificateId: /^(0x)?[a-fA-F0-9]{64}$/,
  ruleName: /^[a-zA-Z0-9_]{1,128}$/,
  metricName: /^[a-zA-Z0-9:_-]{1,128}$/,
  securityProfileName: /^[a-zA-Z0-9:_-]{1,128}$/,
  behaviorName: /^[a-zA-Z0-9:_-]{1,128}$/,
  actionName: /^[a-zA-Z0-9_-]{1,128}$/,
  scheduledAuditName: /^[a-zA-Z0-9_-]{1,128}$/,
  taskId: /^[a-zA-Z0-9_-]{1,128}$/,
  templateName: /^[0-9A-Za-z_-]{1,36}$/,
  roleAlias: /^[\w=,@-]{1,128}$/,
  jobId: /^[a-zA-Z0-9_-]{1,64}$/,
  attributeName: /^[a-zA-Z0-9_.,@/:#-]{1,128}$/,
} as const;

export type NameKind = keyof typeof NAME_RULES;

export function requireName(kind: NameKind, value: unknown): string {
  if (typeof value === 'string' && NAME_RULES[kind].test(value)) return value;
  throw invalid(`Value at '${kind}' failed to satisfy constraint: ${NAME_RULES[kind].source}`);
}

type ArnType =
  | 'thing'
  | 'thinggroup'
  | 'thingtype'
  | 'cert'
  | 'policy'
  | 'rule'
  | 'custommetric'
  | 'securityprofile'
  | 'mitigationaction'
  | 'scheduledaudit'
  | 'provisioningtemplate'
  | 'rolealias'
  | 'job';

/** Builds and reads ARNs of one account and region. */
export interface IotArns {
  build(type: ArnType, id: string): string;
  /** `arn:PARTITION:iot:REGION:ACCOUNT:`, to which a resource is appended. */
  readonly prefix: string;
  /** The id behind an ARN of this type, or undefined for any other string. */
  idOf(type: ArnType, arn: unknown): string | undefined;
}

export function createArns(identity: AwsIdentity): IotArns {
  const prefix = `arn:${identity.partition}:iot:${identity.region}:${identity.accountId}:`;
  return {
    prefix,
    build: (type, id) => `${prefix}${type}/${id}`,
    idOf(type, arn) {
      const start = `${prefix}${type}/`;
      return typeof arn === 'string' && arn.startsWith(start) ? arn.slice(start.length) : undefined;
    },
  };
}
