import { randomUUID } from 'node:crypto';
import { alreadyExists, invalid, notFound } from './errors';
import { requireName } from './names';
import type { IotState, ThingGroup } from './state';
import { type AttributePayload, checkVersion, equalAttributes, findThing, readAttributes } from './things';

/** Quotas of the IoT Core guide: groups a thing is in, depth of a tree, direct children of a group. */
const MAX_GROUPS_PER_THING = 10;
const MAX_DEPTH = 7;
const MAX_CHILDREN = 100;
const MAX_DESCRIPTION = 2028;

interface GroupProperties {
  readonly thingGroupDescription?: string;
  readonly attributePayload?: AttributePayload;
}

interface GroupSettings {
  readonly parentGroupName?: string;
  readonly thingGroupProperties?: GroupProperties;
}

export interface GroupStore {
  create(groupName: string, settings?: GroupSettings): ThingGroup;
  delete(groupName: string, expectedVersion?: number): void;
  /** Leaves `remove` and joins `add` as one change: all of it or, on an error, nothing. */
  updateMembership(thingName: string, change: { add: readonly string[]; remove: readonly string[] }): void;
}

export function findGroup(state: IotState, groupName: string): ThingGroup {
  const group = state.groups.get(groupName);
  if (!group) throw notFound(`Thing Group with name ${groupName} cannot be found.`);
  return group;
}

/** The group's ancestors, nearest first. */
export function listAncestors(state: IotState, groupName: string): readonly ThingGroup[] {
  const ancestors: ThingGroup[] = [];
  let parent = state.groups.get(groupName)?.parentGroupName;
  while (parent !== undefined) {
    const group = state.groups.get(parent);
    if (!group) break;
    ancestors.push(group);
    parent = group.parentGroupName;
  }
  return ancestors;
}

function readProperties({
  thingGroupDescription: description,
  attributePayload,
}: GroupProperties = {}): Pick<ThingGroup, 'attributes' | 'description'> {
  if ((description?.length ?? 0) > MAX_DESCRIPTION) throw invalid('The description is too long.');
  return {
    ...(description === undefined ? {} : { description }),
    attributes: readAttributes(attributePayload),
  };
}

function checkParent(state: IotState, parentName: string): void {
  findGroup(state, parentName);
  if (listAncestors(state, parentName).length + 2 > MAX_DEPTH) {
    throw invalid(`A group hierarchy is at most ${MAX_DEPTH} levels deep.`);
  }
  const children = [...state.groups.values()].filter((group) => group.parentGroupName === parentName);
  if (children.length >= MAX_CHILDREN) throw invalid(`A group has at most ${MAX_CHILDREN} direct children.`);
}

function createGroup(state: IotState, groupName: string, settings: GroupSettings): ThingGroup {
  requireName('thingGroupName', groupName);
  const parent = settings.parentGroupName;
  const properties = readProperties(settings.thingGroupProperties);
  const existing = state.groups.get(groupName);
  if (existing) {
    // "If the ThingGroup that you create has the exact same attributes ..., you will get a 200" (API reference).
    if (
      existing.parentGroupName === parent &&
      existing.description === properties.description &&
      equalAttributes(existing.attributes, properties.attributes)
    ) {
      return existing;
    }
    throw alreadyExists(
      `Thing Group ${groupName} already exists in current account with different properties.`,
      groupName,
      existing.groupArn,
    );
  }
  if (parent !== undefined) checkParent(state, parent);
  const group: ThingGroup = {
    groupName,
    groupId: randomUUID(),
    groupArn: state.arns.build('thinggroup', groupName),
    ...(parent === undefined ? {} : { parentGroupName: parent }),
    ...properties,
    version: 1,
    createdAt: state.now(),
  };
  state.groups.set(groupName, group);
  state.changed();
  return group;
}

function deleteGroup(state: IotState, groupName: string, expectedVersion: number | undefined): void {
  const group = state.groups.get(groupName);
  // "Returns successfully ... or you specify a thing group that doesn't exist" (API reference).
  if (!group) return;
  checkVersion('thing group', group.version, expectedVersion);
  if ([...state.groups.values()].some((other) => other.parentGroupName === groupName)) {
    throw invalid(`Thing Group ${groupName} has child groups and cannot be deleted.`);
  }
  state.groups.delete(groupName);
  for (const names of state.memberships.values()) names.delete(groupName);
  // The end of a group allows again what the group denied.
  state.attachments.delete(group.groupArn);
  state.changed();
}

function findRoot(state: IotState, groupName: string): string {
  return listAncestors(state, groupName).at(-1)?.groupName ?? groupName;
}

function joinGroup(state: IotState, members: Set<string>, groupName: string): void {
  if (members.has(groupName)) return;
  // "You cannot add a thing to two groups that share a common parent" (IoT developer guide, thing groups).
  const root = findRoot(state, groupName);
  const clash = [...members].find((other) => findRoot(state, other) === root);
  if (clash !== undefined) {
    throw invalid(`The thing is already in group ${clash}, which is in the same hierarchy as ${groupName}.`);
  }
  if (members.size >= MAX_GROUPS_PER_THING) {
    throw invalid(`A thing can be in at most ${MAX_GROUPS_PER_THING} groups.`);
  }
  members.add(groupName);
}

export function createGroupStore(state: IotState): GroupStore {
  return {
    create: (groupName, settings = {}) => createGroup(state, groupName, settings),
    delete: (groupName, expectedVersion) => deleteGroup(state, groupName, expectedVersion),
    updateMembership(thingName, change) {
      findThing(state, thingName);
      for (const groupName of [...change.remove, ...change.add]) findGroup(state, groupName);
      const before = state.memberships.get(thingName) ?? new Set<string>();
      const after = new Set(before);
      for (const groupName of change.remove) after.delete(groupName);
      for (const groupName of change.add) joinGroup(state, after, groupName);
      if (after.size === before.size && [...after].every((name) => before.has(name))) return;
      state.memberships.set(thingName, after);
      state.changed();
    },
  };
}
