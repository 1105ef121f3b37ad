import type { IncomingMessage } from 'node:http';
import { writeXml } from './query';

/** Whether the account has a resource of this type and name. */
type IsTaken = (type: string, name: string) => boolean;

/** The type and name of a resource that AWS IoT or Lambda is asked for by path. */
const paths: readonly (readonly [RegExp, string])[] = [
  [/^\/thing-groups\/([^/]+)$/, 'AWS::IoT::ThingGroup'],
  [/^\/policies\/([^/]+)$/, 'AWS::IoT::Policy'],
  [/^\/security-profiles\/([^/]+)$/, 'AWS::IoT::SecurityProfile'],
  [/^\/custom-metric\/([^/]+)$/, 'AWS::IoT::CustomMetric'],
  [/^\/mitigationactions\/actions\/([^/]+)$/, 'AWS::IoT::MitigationAction'],
  [/^\/2015-03-31\/functions\/([^/]+)$/, 'AWS::Lambda::Function'],
];

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer to a question by name, as the service gives it. */
export function answerName(
  service: string,
  { headers, url }: IncomingMessage,
  body: Buffer,
  isTaken: IsTaken,
): Answer {
  const text = body.toString('utf8');
  if (service === 'sns') return answerTopic(new URLSearchParams(text), isTaken);
  if (service === 'ecr') return say(400, {}, 'RepositoryNotFoundException');
  const [, target] = String(headers['x-amz-target'] ?? '').split('.');
  if (target !== undefined) return answerTarget(target, JSON.parse(text), isTaken);
  const { pathname } = new URL(url ?? '/', 'http://aws');
  if (pathname === '/rules') return say(200, { rules: [] });
  for (const [path, type] of paths) {
    const [, name] = path.exec(decodeURIComponent(pathname)) ?? [];
    if (name) return describe(isTaken(type, name));
  }
  return say(404, {}, 'ResourceNotFoundException');
}

function say(status: number, answer: object, error?: string): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      ...(error && { 'x-amzn-errortype': error }),
    },
    body: JSON.stringify(error ? { __type: error, message: 'not found' } : answer),
  };
}

function describe(isThere: boolean, missing = 'ResourceNotFoundException'): Answer {
  return isThere ? say(200, {}) : say(400, {}, missing);
}

function answerTarget(target: string, input: Readonly<Record<string, unknown>>, isTaken: IsTaken): Answer {
  const text = (key: string) => String(input[key]);
  switch (target) {
    case 'DescribeTable':
      return describe(isTaken('AWS::DynamoDB::Table', text('TableName')));
    case 'GetQueueUrl':
      return describe(isTaken('AWS::SQS::Queue', text('QueueName')), 'QueueDoesNotExist');
    case 'GetDashboard':
      return describe(isTaken('AWS::CloudWatch::Dashboard', text('DashboardName')), 'ResourceNotFound');
    case 'DescribeLogGroups': {
      const logGroupName = text('logGroupNamePrefix');
      return say(200, { logGroups: isTaken('AWS::Logs::LogGroup', logGroupName) ? [{ logGroupName }] : [] });
    }
    case 'DescribeAlarms': {
      const names = (input.AlarmNames as readonly string[]).filter((name) =>
        isTaken('AWS::CloudWatch::Alarm', name),
      );
      return say(200, { MetricAlarms: names.map((AlarmName) => ({ AlarmName })) });
    }
    default:
      return say(400, {}, 'UnknownOperationException');
  }
}

function answerTopic(form: URLSearchParams, isTaken: IsTaken): Answer {
  const name = form.get('TopicArn')?.split(':').at(-1) ?? '';
  const headers = { 'content-type': 'text/xml' };
  if (isTaken('AWS::SNS::Topic', name)) {
    const body = '<GetTopicAttributesResponse><GetTopicAttributesResult/></GetTopicAttributesResponse>';
    return { status: 200, headers, body };
  }
  const error = { Type: 'Sender', Code: 'NotFound', Message: 'Topic does not exist' };
  return { status: 404, headers, body: `<ErrorResponse>${writeXml({ Error: error })}</ErrorResponse>` };
}
