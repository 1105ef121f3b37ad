import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import { formatAwsError } from '../wire/aws-error';
import { parseJsonObject } from '../wire/json';
import type { Descriptions } from './descriptions';

/** What the stack says of its deployment bucket: packages are read from the disk here, so it has no objects. */
interface Bucket {
  readonly encryption: string;
  /** What is blocked. */
  readonly publicAccessBlock?: readonly string[];
  readonly policy?: string;
}

/** The action of IAM by method and query (S3, "Actions, resources, and condition keys"). */
const actions: Readonly<Record<string, string>> = {
  'GET encryption': 's3:GetEncryptionConfiguration',
  'GET publicAccessBlock': 's3:GetBucketPublicAccessBlock',
  'DELETE publicAccessBlock': 's3:PutBucketPublicAccessBlock',
  'GET policy': 's3:GetBucketPolicy',
  'PUT policy': 's3:PutBucketPolicy',
  'DELETE policy': 's3:DeleteBucketPolicy',
};

/** S3: the settings of the deployment bucket. */
export function createS3({ partition }: AwsIdentity, descriptions: Descriptions): ServiceHandler {
  return {
    identify: (request) => {
      const action = actions[operationOf(request)];
      return action === undefined
        ? undefined
        : { action, resources: [`arn:${partition}:s3:::${bucketOf(request)}`] };
    },
    handle: async (request) => {
      const name = bucketOf(request);
      const found = descriptions.find('buckets', name) as Bucket | undefined;
      if (!found) return refuse(request, 'NoSuchBucket', 'The specified bucket does not exist');
      const { publicAccessBlock, policy, ...encrypted } = found;
      switch (operationOf(request)) {
        case 'GET encryption':
          return xml(
            'ServerSideEncryptionConfiguration',
            `<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>${found.encryption}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>`,
          );
        case 'GET publicAccessBlock':
          return publicAccessBlock === undefined
            ? refuse(
                request,
                'NoSuchPublicAccessBlockConfiguration',
                'The public access block configuration was not found',
              )
            : xml(
                'PublicAccessBlockConfiguration',
                publicAccessBlock.map((block) => `<${block}>true</${block}>`).join(''),
              );
        case 'GET policy':
          return policy === undefined
            ? refuse(request, 'NoSuchBucketPolicy', 'The bucket policy does not exist')
            : { status: 200, headers: { 'content-type': 'application/json' }, body: policy };
        case 'PUT policy':
          if (!parseJsonObject(request.body))
            return formatAwsError(request, 400, 'MalformedPolicy', 'Policies must be valid JSON');
          descriptions.put('buckets', name, { ...found, policy: request.body.toString('utf8') });
          break;
        case 'DELETE policy':
          descriptions.put('buckets', name, {
            ...encrypted,
            ...(publicAccessBlock && { publicAccessBlock }),
          });
          break;
        default:
          descriptions.put('buckets', name, { ...encrypted, ...(policy && { policy }) });
      }
      return { status: 204 };
    },
  };
}

function operationOf({ method, query }: ApiRequest): string {
  const parts = ['encryption', 'publicAccessBlock', 'policy'];
  return `${method} ${parts.find((part) => query.has(part)) ?? ''}`;
}

/** The bucket of a path-style request: `/BUCKET`. */
function bucketOf({ path }: ApiRequest): string {
  return path.split('/')[1] ?? '';
}

function refuse(request: ApiRequest, code: string, message: string): ApiResponse {
  return formatAwsError(request, 404, code, message);
}

function xml(root: string, content: string): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`,
  };
}
