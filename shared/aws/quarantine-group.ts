import { setTimeout as delay } from 'node:timers/promises';
import {
  AttachPolicyCommand,
  DeletePolicyCommand,
  DetachPolicyCommand,
  type IoTClient,
  ListThingsInThingGroupCommand,
} from '@aws-sdk/client-iot';
import { isNotFound, orNothing } from '../errors';
import { iotClient } from './iot-client';

/** The policy on the quarantine group, which CloudFormation can't attach (docs/facts.md#cloudformation). */
export function connectQuarantineGroup(client: IoTClient = iotClient()) {
  return {
    async attach(policyName: string, groupArn: string): Promise<void> {
      await client.send(new AttachPolicyCommand({ policyName, target: groupArn }));
    },

    async detach(policyName: string, groupArn: string): Promise<void> {
      try {
        await client.send(new DetachPolicyCommand({ policyName, target: groupArn }));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },

    /** True once the policy no longer exists; false while AWS IoT reports it as in use, up to five minutes after a detachment. */
    async deletePolicy(policyName: string): Promise<boolean> {
      try {
        await client.send(new DeletePolicyCommand({ policyName }));
        return true;
      } catch (error) {
        if (isNotFound(error)) return true;
        if (error instanceof Error && error.name === 'DeleteConflictException') return false;
        throw error;
      }
    },

    /** All things in the group, page by page within the quota of 25 calls a second. */
    async *listMembers(thingGroupName: string): AsyncIterable<string> {
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new ListThingsInThingGroupCommand({ thingGroupName, nextToken, maxResults: 250 }),
        );
        yield* page.things ?? [];
        nextToken = page.nextToken;
        if (nextToken) await delay(100);
      } while (nextToken);
    },

    /** A thing in the group; undefined if the group is empty. */
    async findMember(groupArn: string): Promise<string | undefined> {
      const thingGroupName = groupArn.slice(groupArn.lastIndexOf('/') + 1);
      return orNothing(async () => {
        const { things } = await client.send(
          new ListThingsInThingGroupCommand({ thingGroupName, maxResults: 1 }),
        );
        return things?.[0];
      });
    },
  };
}
