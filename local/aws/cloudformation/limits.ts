import { isUnknown } from './intrinsics';

/** Property that names a resource, and the names that its service takes (the API reference of each). */
const names: Readonly<Record<string, readonly [property: string, pattern: RegExp]>> = {
  'AWS::ApiGatewayV2::Api': ['Name', /^.{1,128}$/s],
  'AWS::CloudWatch::Alarm': ['AlarmName', /^.{1,255}$/s],
  'AWS::CloudWatch::Dashboard': ['DashboardName', /^[A-Za-z0-9_-]{1,255}$/],
  'AWS::DynamoDB::Table': ['TableName', /^[a-zA-Z0-9_.-]{3,255}$/],
  'AWS::Events::Rule': ['Name', /^[.\-_A-Za-z0-9]{1,64}$/],
  'AWS::IAM::Role': ['RoleName', /^[\w+=,.@-]{1,64}$/],
  'AWS::IoT::CustomMetric': ['MetricName', /^[a-zA-Z0-9:_-]{1,128}$/],
  'AWS::IoT::MitigationAction': ['ActionName', /^[a-zA-Z0-9:_-]{1,128}$/],
  'AWS::IoT::Policy': ['PolicyName', /^[\w+=,.@-]{1,128}$/],
  'AWS::IoT::SecurityProfile': ['SecurityProfileName', /^[a-zA-Z0-9:_-]{1,128}$/],
  'AWS::IoT::ThingGroup': ['ThingGroupName', /^[a-zA-Z0-9:_-]{1,128}$/],
  'AWS::IoT::TopicRule': ['RuleName', /^[a-zA-Z0-9_]{1,128}$/],
  'AWS::Lambda::Function': ['FunctionName', /^[a-zA-Z0-9-_]{1,64}$/],
  'AWS::Logs::LogGroup': ['LogGroupName', /^[.\-_/#A-Za-z0-9]{1,512}$/],
  'AWS::S3::Bucket': ['BucketName', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/],
  'AWS::SNS::Topic': ['TopicName', /^[A-Za-z0-9_-]{1,256}$/],
  'AWS::SQS::Queue': ['QueueName', /^(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?$/],
  'AWS::SSM::Parameter': ['Name', /^[a-zA-Z0-9_.\-/]{1,1011}$/],
};

/** The property that names a resource of the type, which no other of its account and region may share. */
export function namePropertyOf(type: string): string | undefined {
  return names[type]?.[0];
}

/** The characters of all inline policies of a role together, without white space. */
const maxRolePolicies = 10_240;

/** The properties of a resource that a service refuses, and CloudFormation itself doesn't. */
export function* findLimitProblems(type: string, properties: unknown): Generator<string> {
  const values = (properties ?? {}) as Readonly<Record<string, unknown>>;
  const [property = '', pattern = /^/] = names[type] ?? [];
  const name = values[property];
  // A function's own schema says more of its name.
  if (
    name !== undefined &&
    type !== 'AWS::Lambda::Function' &&
    !isUnknown(name) &&
    !pattern.test(String(name))
  )
    yield `property ${property}: its service takes no such name: ${String(name)}`;
  if (type === 'AWS::IAM::Role') {
    const policies = [values.Policies ?? []].flat() as { PolicyDocument?: unknown }[];
    const size = policies.reduce(
      (sum, { PolicyDocument }) => sum + JSON.stringify(PolicyDocument ?? '').length,
      0,
    );
    if (size > maxRolePolicies)
      yield `property Policies: Maximum policy size of ${maxRolePolicies} bytes exceeded for role (${size})`;
  }
}
