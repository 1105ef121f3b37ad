import { randomUUID } from 'node:crypto';
import type { ApiRequest, AwsIdentity, ServiceHandler } from '../../types';
import { escapeXml, formatAwsError } from '../wire/aws-error';

/** A stack as DescribeStacks shows it. */
export interface RunningStack {
  readonly name: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

const namespace = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

/** CloudFormation: only what describes the stack that runs here. `find` gives nothing while it is being deployed. */
export function createCloudFormation(
  { partition, region, accountId }: AwsIdentity,
  find: () => RunningStack | undefined,
): ServiceHandler {
  const createdAt = new Date().toISOString();
  const arnOf = (name: string) =>
    `arn:${partition}:cloudformation:${region}:${accountId}:stack/${name}/local`;
  return {
    identify: (request) => {
      const form = readForm(request);
      if (form.get('Action') !== 'DescribeStacks') return undefined;
      const name = form.get('StackName');
      return { action: 'cloudformation:DescribeStacks', resources: [name ? arnOf(name) : '*'] };
    },
    handle: async (request) => {
      const stack = find();
      const name = readForm(request).get('StackName');
      if (!stack || (name !== null && name !== stack.name))
        return formatAwsError(request, 400, 'ValidationError', `Stack with id ${name ?? ''} does not exist`);
      return {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body:
          `<DescribeStacksResponse xmlns="${namespace}"><DescribeStacksResult><Stacks><member>` +
          `<StackId>${arnOf(stack.name)}</StackId><StackName>${escapeXml(stack.name)}</StackName>` +
          `<CreationTime>${createdAt}</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>` +
          `<Outputs>${writePairs('Output', stack.outputs)}</Outputs>` +
          `<Parameters>${writePairs('Parameter', stack.parameters)}</Parameters></member></Stacks></DescribeStacksResult>` +
          `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></DescribeStacksResponse>`,
      };
    },
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
