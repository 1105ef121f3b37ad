import { invalid } from '../errors';
import type { IotEndpoint, IotRegistry } from '../registry';
import { listTags } from '../tags';
import { type IotCall, type IotRoute, routesAt } from './route';

/** Endpoint types of the API reference, each by who serves it here. */
const ENDPOINTS: ReadonlyMap<string, IotEndpoint> = new Map([
  ['iot:Data', 'data'],
  ['iot:Data-ATS', 'data'],
  ['iot:CredentialProvider', 'https'],
  ['iot:Jobs', 'https'],
]);

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

/** The account's endpoint, and tags, which are stored and listed but mean nothing here. */
export function accountRoutes(registry: IotRegistry): readonly IotRoute[] {
  const tags = routesAt('/tags', (call) => [readResourceArn(call)]);
  return [
    routesAt('/endpoint')('DescribeEndpoint', 'GET', (call) => describeEndpoint(registry, call)),
    tags('ListTagsForResource', 'GET', (call) => ({ tags: listTags(registry.state, readResourceArn(call)) })),
  ];
}
