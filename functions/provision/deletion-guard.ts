import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import type { CaseStatus } from '../../shared/domain/case';
import type { Log } from '../../shared/ports';
import { groupArn, writeWayOut } from './properties';

export interface DeletionPorts {
  readonly group: { findMember(groupArn: string): Promise<string | undefined> };
  /**
   * The id of the stack with which what is contained may be let go, as somebody stored it: not a parameter of the stack,
   * which can't be updated once its deletion was refused, and not a plain yes, which would hold for the next stack too.
   */
  readonly readLetGo: () => Promise<string | undefined>;
  /** Where that is stored. */
  readonly letGoParameter: string;
  readonly listByStatus: (status: CaseStatus, limit: number) => Promise<readonly { thingName: string }[]>;
  readonly log: Log;
}

const properties = z.object({ ThingGroupArn: groupArn });

/** Statuses in which Cordon may hold something of a thing. */
const holding: readonly CaseStatus[] = [
  'containing',
  'contained',
  'containment-failed',
  'releasing',
  'release-conflict',
];
/** Names a reason can take; who deletes the stack finds the others in the list of cases. */
const named = 5;

/**
 * Stands before everything else when the stack is deleted: every other resource is what it depends on, so a refusal
 * leaves the whole stack as it was, able to release.
 */
export async function guardDeletion(
  event: CloudFormationCustomResourceEvent,
  ports: DeletionPorts,
): Promise<string> {
  if (event.RequestType === 'Create') return event.LogicalResourceId;
  if (event.RequestType === 'Delete') await refuseWhileContained(event, ports);
  else await refuseToMove(event.OldResourceProperties, event.ResourceProperties, ports);
  return event.PhysicalResourceId;
}

/**
 * Under another name for the quarantine group, respond's role ends at the new one: what is in the old could not be
 * released. Looks at the group only, so that the update which takes a refused one back is not refused as well.
 */
async function refuseToMove(before: unknown, after: unknown, { group }: DeletionPorts): Promise<void> {
  const old = properties.safeParse(before);
  const { ThingGroupArn } = properties.parse(after);
  if (!old.success || old.data.ThingGroupArn === ThingGroupArn) return;
  const member = await group.findMember(old.data.ThingGroupArn);
  if (!member) return;
  const name = old.data.ThingGroupArn.split('/').at(-1);
  throw new Error(`${member} is still in the group ${name}; release it before quarantine.thingGroup changes`);
}

async function refuseWhileContained(
  { StackId, ResourceProperties }: CloudFormationCustomResourceEvent,
  { log, ...ports }: DeletionPorts,
): Promise<void> {
  const { ThingGroupArn } = properties.parse(ResourceProperties);
  const things = await listHeld(ThingGroupArn, ports);
  if (things.length === 0) return;
  const names = `${things.slice(0, named).join(', ')}${things.length > named ? ' and others' : ''}`;
  if ((await ports.readLetGo()) !== StackId)
    throw new Error(`still contained: ${names}; ${writeWayOut(StackId, ports.letGoParameter)}`);
  log.warn('the stack is deleted while things are contained', { things: names });
}

async function listHeld(
  thingGroupArn: string,
  { group, listByStatus }: Pick<DeletionPorts, 'group' | 'listByStatus'>,
): Promise<string[]> {
  const cases = await Promise.all(holding.map((status) => listByStatus(status, named + 1)));
  // Somebody may have put a thing there by hand: the deny policy holds it as well.
  const member = await group.findMember(thingGroupArn);
  return [...new Set([...cases.flat().map(({ thingName }) => thingName), ...(member ? [member] : [])])];
}
