/** Shorthand for CloudFormation. */

export type Value = string | number | boolean | { readonly [key: string]: unknown } | readonly unknown[];

interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly Condition?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  /** RetainExceptOnCreate, because Retain also keeps resources of a failed deploy, whose names then block the next one. */
  readonly DeletionPolicy?: 'RetainExceptOnCreate' | 'Delete';
  readonly UpdateReplacePolicy?: 'Retain';
  readonly Properties: Readonly<Record<string, unknown>>;
}

export type Resources = Readonly<Record<string, Resource>>;

export function ref(logicalId: string): Value {
  return { Ref: logicalId };
}

export function arnOf(logicalId: string): Value {
  return { 'Fn::GetAtt': [logicalId, 'Arn'] };
}

export function join(...parts: readonly Value[]): Value {
  return { 'Fn::Join': ['', parts] };
}

export function equals(left: Value, right: Value): Value {
  return { 'Fn::Equals': [left, right] };
}

export function not(condition: Value): Value {
  return { 'Fn::Not': [condition] };
}

export function iff(condition: string, then: Value, otherwise: Value): Value {
  return { 'Fn::If': [condition, then, otherwise] };
}

/** A property with this value is left out. */
export const noValue: Value = { Ref: 'AWS::NoValue' };

/** `arn:PARTITION:SERVICE:REGION:ACCOUNT:REST` of this stack's account and region. */
export function arn(service: string, ...rest: readonly Value[]): Value {
  return join(
    'arn:',
    ref('AWS::Partition'),
    `:${service}:`,
    ref('AWS::Region'),
    ':',
    ref('AWS::AccountId'),
    ':',
    ...rest,
  );
}

/** Who may assume a role, for this account's resources only (confused deputy, IAM user guide). */
export function trust(service: string, sourceArn?: Value): Value {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sts:AssumeRole',
        ...(sourceArn !== undefined && {
          Condition: {
            StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
            ArnLike: { 'aws:SourceArn': sourceArn },
          },
        }),
      },
    ],
  };
}

export function allow(action: string | readonly string[], resource: Value): Value {
  return { Effect: 'Allow', Action: action, Resource: resource };
}

export function inlinePolicy(name: string, statements: readonly Value[]): Value {
  return [{ PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement: statements } }];
}
