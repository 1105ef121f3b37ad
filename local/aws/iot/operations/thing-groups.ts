import * as z from 'zod/mini';
import { invalid } from '../errors';
import { findGroup } from '../groups';
import { requireName } from '../names';
import type { IotRegistry } from '../registry';
import type { ThingGroup } from '../state';
import { saveTags } from '../tags';
import { findThing } from '../things';
import {
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readFlag,
  readParam,
  readVersion,
  routesAt,
  Tags,
  toSeconds,
} from './route';
import { AttributePayload, readThingName } from './things';

const GroupProperties = z.object({
  thingGroupDescription: z.exactOptional(z.string()),
  attributePayload: z.exactOptional(AttributePayload),
});

const CreateThingGroup = z.object({
  parentGroupName: z.exactOptional(z.string()),
  thingGroupProperties: z.exactOptional(GroupProperties),
  tags: z.exactOptional(Tags),
});

function readGroupName(call: IotCall): string {
  return requireName('thingGroupName', call.params.thingGroupName);
}

function toNameAndArn({ groupName, groupArn }: ThingGroup) {
  return { groupName, groupArn };
}

function describeGroup(registry: IotRegistry, group: ThingGroup) {
  const [, ...ancestors] = registry.lineageOf(group.groupName);
  return {
    thingGroupName: group.groupName,
    thingGroupId: group.groupId,
    thingGroupArn: group.groupArn,
    version: group.version,
    thingGroupProperties: {
      thingGroupDescription: group.description,
      attributePayload: { attributes: group.attributes },
    },
    thingGroupMetadata: {
      parentGroupName: group.parentGroupName,
      rootToParentThingGroups: ancestors.reverse().map(toNameAndArn),
      creationDate: toSeconds(group.createdAt),
    },
  };
}

function listMembers(registry: IotRegistry, call: IotCall) {
  const { groupName } = findGroup(registry.state, readGroupName(call));
  const recursive = readFlag(call, 'recursive', false);
  const isMember = (joined: ReadonlySet<string>): boolean =>
    joined.has(groupName) ||
    (recursive &&
      [...joined].some((name) => registry.lineageOf(name).some((group) => group.groupName === groupName)));
  const names = [...registry.state.memberships]
    .filter(([, joined]) => isMember(joined))
    .map(([name]) => name);
  const page = paginate(call, 'token', names, (name) => name);
  return { things: page.items, ...page.next };
}

function createGroup(registry: IotRegistry, call: IotCall) {
  const { tags, ...settings } = readBody(CreateThingGroup, call);
  const group = registry.groups.create(readGroupName(call), settings);
  saveTags(registry.state, group.groupArn, tags);
  return {
    thingGroupName: group.groupName,
    thingGroupArn: group.groupArn,
    thingGroupId: group.groupId,
  };
}

function groupRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, groups } = registry;
  const ofGroup = (call: IotCall) => [state.arns.build('thinggroup', readParam(call, 'thingGroupName'))];
  const route = routesAt('/thing-groups/{thingGroupName}', ofGroup);
  return [
    route('CreateThingGroup', 'POST', (call) => createGroup(registry, call)),
    route('DescribeThingGroup', 'GET', (call) =>
      describeGroup(registry, findGroup(state, readGroupName(call))),
    ),
    route('DeleteThingGroup', 'DELETE', (call) => groups.delete(readGroupName(call), readVersion(call))),
    route('ListThingsInThingGroup', 'GET', (call) => listMembers(registry, call), '/things'),
  ];
}

const Membership = z.object({
  thingName: z.exactOptional(z.string()),
  thingArn: z.exactOptional(z.string()),
  thingGroupName: z.exactOptional(z.string()),
  thingGroupArn: z.exactOptional(z.string()),
  overrideDynamicGroups: z.exactOptional(z.boolean()),
});

/** A thing or group given by name, by ARN, or by both if they agree: what IAM is asked is what is then changed. */
function readNamed(
  registry: IotRegistry,
  kind: 'thing' | 'thinggroup',
  name: string | undefined,
  arn: string | undefined,
): string {
  const fromArn = arn === undefined ? undefined : registry.state.arns.idOf(kind, arn);
  const differs = arn !== undefined && (fromArn === undefined || (name !== undefined && name !== fromArn));
  if (differs) throw invalid(`The ${kind} ARN is not valid or does not fit the name.`);
  return requireName(kind === 'thing' ? 'thingName' : 'thingGroupName', name ?? fromArn);
}

function readMembership(registry: IotRegistry, call: IotCall) {
  const body = readBody(Membership, call);
  return {
    thingName: readNamed(registry, 'thing', body.thingName, body.thingArn),
    groupName: readNamed(registry, 'thinggroup', body.thingGroupName, body.thingGroupArn),
  };
}

function changeMembership(registry: IotRegistry, call: IotCall, change: 'add' | 'remove'): void {
  const { thingName, groupName } = readMembership(registry, call);
  registry.groups.updateMembership(thingName, { add: [], remove: [], [change]: [groupName] });
}

/** "The groups a thing belongs to, including any parent groups" (developer guide, list groups for a thing). */
function listGroupsOfThing(registry: IotRegistry, call: IotCall) {
  const { thingName } = findThing(registry.state, readThingName(call));
  const groups = registry.groupsOfThing(thingName).flatMap(({ groupName }) => registry.lineageOf(groupName));
  const page = paginate(call, 'token', [...new Set(groups)], ({ groupName }) => groupName);
  return { thingGroups: page.items.map(toNameAndArn), ...page.next };
}

function membershipRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { build } = registry.state.arns;
  const ofMembership = (call: IotCall) => {
    const { thingName, groupName } = readMembership(registry, call);
    return [build('thing', thingName), build('thinggroup', groupName)];
  };
  const ofThing = (call: IotCall) => [build('thing', readParam(call, 'thingName'))];
  return [
    routesAt('/thing-groups/addThingToThingGroup', ofMembership)('AddThingToThingGroup', 'PUT', (call) =>
      changeMembership(registry, call, 'add'),
    ),
    routesAt('/thing-groups/removeThingFromThingGroup', ofMembership)(
      'RemoveThingFromThingGroup',
      'PUT',
      (call) => changeMembership(registry, call, 'remove'),
    ),
    routesAt('/things/{thingName}/thing-groups', ofThing)('ListThingGroupsForThing', 'GET', (call) =>
      listGroupsOfThing(registry, call),
    ),
  ];
}

export function thingGroupRoutes(registry: IotRegistry): readonly IotRoute[] {
  return [...groupRoutes(registry), ...membershipRoutes(registry)];
}
