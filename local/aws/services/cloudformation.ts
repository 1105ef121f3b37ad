import { randomUUID } from 'node:crypto';
import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import type { InvokePermission } from '../lambda/definitions';
import { escapeXml, formatAwsError } from '../wire/aws-error';

/** A stack as CloudFormation shows it. */
export interface RunningStack {
  readonly permissions: readonly InvokePermission[];
  /** Its ARN. */
  readonly id: string;
  readonly name: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly template: object;
  readonly resources: Readonly<Record<string, { readonly type: string; readonly physicalId: string }>>;
}

const operations = ['DescribeStacks', 'GetTemplate', 'ListStackResources'] as const;
const createdAt = new Date().toISOString();
const namespace = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

/** CloudFormation: only the calls that describe the stack that runs here. `find` gives nothing while it is being deployed. */
export function createCloudFormation(
  { partition, region, accountId }: AwsIdentity,
  find: () => RunningStack | undefined,
): ServiceHandler {
  const arnOf = (name: string) => {
    const stack = find();
    return name === stack?.name
      ? stack.id
      : `arn:${partition}:cloudformation:${region}:${accountId}:stack/${name}/unknown`;
  };
  return {
    identify: (request) => {
      const form = readForm(request);
      const operation = operations.find((one) => one === form.get('Action'));
      const name = form.get('StackName');
      return operation && { action: `cloudformation:${operation}`, resources: [name ? arnOf(name) : '*'] };
    },
    handle: async (request) => {
      const stack = find();
      const name = readForm(request).get('StackName');
      if (!stack || (name !== null && name !== stack.name))
        return formatAwsError(request, 400, 'ValidationError', `Stack with id ${name ?? ''} does not exist`);
      const operation = readForm(request).get('Action') ?? '';
      return formatResponse(operation, writeResult(operation, stack));
    },
  };
}

function writeResult(operation: string, stack: RunningStack): string {
  if (operation === 'GetTemplate')
    return `<TemplateBody>${escapeXml(JSON.stringify(stack.template))}</TemplateBody>`;
  if (operation === 'ListStackResources') {
    const members = Object.entries(stack.resources).map(
      ([logicalId, { type, physicalId }]) =>
        `<member><LogicalResourceId>${logicalId}</LogicalResourceId><ResourceType>${type}</ResourceType>` +
        `<PhysicalResourceId>${escapeXml(physicalId)}</PhysicalResourceId>` +
        `<ResourceStatus>CREATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>${createdAt}</LastUpdatedTimestamp></member>`,
    );
    return `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>`;
  }
  return (
    `<Stacks><member><StackId>${stack.id}</StackId><StackName>${escapeXml(stack.name)}</StackName>` +
    `<CreationTime>${createdAt}</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>` +
    `<Outputs>${writePairs('Output', stack.outputs)}</Outputs>` +
    `<Parameters>${writePairs('Parameter', stack.parameters)}</Parameters></member></Stacks>`
  );
}

function formatResponse(operation: string, result: string): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body:
      `<${operation}Response xmlns="${namespace}"><${operation}Result>${result}</${operation}Result>` +
      `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${operation}Response>`,
  };
}

function writePairs(kind: 'Output' | 'Parameter', pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(
      ([key, value]) =>
        `<member><${kind}Key>${escapeXml(key)}</${kind}Key><${kind}Value>${escapeXml(value)}</${kind}Value></member>`,
    )
    .join('');
}

function readForm({ body, query }: ApiRequest): URLSearchParams {
  const form = new URLSearchParams(body.toString());
  return form.has('Action') ? form : query;
}
