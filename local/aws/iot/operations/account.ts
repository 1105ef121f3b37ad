import * as z from 'zod/mini';
import { invalid } from '../errors';
import type { IotEndpoint, IotRegistry } from '../registry';
import { listTags, removeTags, saveTags } from '../tags';
import { type IotCall, type IotRoute, readBody, routesAt, Tags } from './route';

/** Endpoint types of the API reference, each by who serves it here. */
const ENDPOINTS: ReadonlyMap<string, IotEndpoint> = new Map([
  ['iot:Data', 'data'],
  ['iot:Data-ATS', 'data'],
  ['iot:CredentialProvider', 'https'],
  ['iot:Jobs', 'https'],
]);

const TagResource = z.object({ resourceArn: z.string(), tags: Tags });
const UntagResource = z.object({ resourceArn: z.string(), tagKeys: z.array(z.string()) });

function readResourceArn(call: IotCall): string {
  const arn = call.query.get('resourceArn');
  if (!arn) throw invalid('resourceArn is required.');
  return arn;
}

function describeEndpoint(registry: IotRegistry, call: IotCall) {
  const type = call.query.get('endpointType') ?? 'iot:Data';
  const endpoint = ENDPOINTS.get(type);
  if (!endpoint) throw invalid(`Unknown endpointType ${type}.`);
  return { endpointAddress: registry.endpoint(endpoint) };
}

function tagResource(registry: IotRegistry, call: IotCall): void {
  const { resourceArn, tags } = readBody(TagResource, call);
  saveTags(registry.state, resourceArn, tags);
}

function untagResource(registry: IotRegistry, call: IotCall): void {
  const { resourceArn, tagKeys } = readBody(UntagResource, call);
  removeTags(registry.state, resourceArn, tagKeys);
}

/** The account's endpoint, and tags, which are stored and listed but mean nothing here. */
export function accountRoutes(registry: IotRegistry): readonly IotRoute[] {
  const tags = routesAt('/tags', (call) => [readResourceArn(call)]);
  const tag = routesAt('/tags', (call) => [readBody(TagResource, call).resourceArn]);
  const untag = routesAt('/untag', (call) => [readBody(UntagResource, call).resourceArn]);
  return [
    routesAt('/endpoint')('DescribeEndpoint', 'GET', (call) => describeEndpoint(registry, call)),
    tags('ListTagsForResource', 'GET', (call) => ({ tags: listTags(registry.state, readResourceArn(call)) })),
    tag('TagResource', 'POST', (call) => tagResource(registry, call)),
    untag('UntagResource', 'POST', (call) => untagResource(registry, call)),
  ];
}
