import * as z from 'zod/mini';
import { invalid } from '../errors';
import type { IotRegistry } from '../registry';
import { listTags, removeTags, saveTags } from '../tags';
import { type IotCall, type IotRoute, readBody, Tags } from './route';

const ENDPOINT_TYPES: readonly string[] = ['iot:Data', 'iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'];

const TagResource = z.object({ resourceArn: z.string(), tags: Tags });
const UntagResource = z.object({ resourceArn: z.string(), tagKeys: z.array(z.string()) });

function readResourceArn(call: IotCall): string {
  const arn = call.query.get('resourceArn');
  if (!arn) throw invalid('resourceArn is required.');
  return arn;
}

/** The account's endpoint, and tags, which are stored and listed but mean nothing here. */
export function accountRoutes(registry: IotRegistry): readonly IotRoute[] {
  return [
    {
      operation: 'DescribeEndpoint',
      method: 'GET',
      path: '/endpoint',
      run(call) {
        const type = call.query.get('endpointType') ?? 'iot:Data';
        if (!ENDPOINT_TYPES.includes(type)) throw invalid(`Unknown endpointType ${type}.`);
        return { endpointAddress: registry.endpoint() };
      },
    },
    {
      operation: 'ListTagsForResource',
      method: 'GET',
      path: '/tags',
      resources: (call) => [readResourceArn(call)],
      run: (call) => ({ tags: listTags(registry.state, readResourceArn(call)) }),
    },
    {
      operation: 'TagResource',
      method: 'POST',
      path: '/tags',
      resources: (call) => [readBody(TagResource, call).resourceArn],
      run(call) {
        const { resourceArn, tags } = readBody(TagResource, call);
        saveTags(registry.state, resourceArn, tags);
        return {};
      },
    },
    {
      operation: 'UntagResource',
      method: 'POST',
      path: '/untag',
      resources: (call) => [readBody(UntagResource, call).resourceArn],
      run(call) {
        const { resourceArn, tagKeys } = readBody(UntagResource, call);
        removeTags(registry.state, resourceArn, tagKeys);
        return {};
      },
    },
  ];
}
