import {
  CreatePolicyCommand,
  CreateThingGroupCommand,
  GetPolicyCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
} from '@aws-sdk/client-iot';
import { quarantineDescription } from '../config/quarantine-policy';
import { findVersionToDrop } from '../domain/actions/policy-versions';
import { isNotFound } from '../errors';
import { isSameDocument } from '../mitigation/policy-text';
import { iotClient } from './iot-client';
import { connectPolicies } from './policies';

/** What the quarantine needs to deny anything. */
export type QuarantinePart = 'policy' | 'text of the policy' | 'thing group' | 'policy on the group';

interface Watched {
  readonly policyName: string;
  readonly document: string;
  readonly groupArn: string;
}

/** Finds out whether group and policy are there, with the policy's text, and puts back what is missing. */
export function watchQuarantine(watched: Watched, client: IoTClient = iotClient()) {
  const { policyName, document, groupArn } = watched;
  const policies = connectPolicies(client);

  async function findPolicyFault(): Promise<'policy' | 'text of the policy' | undefined> {
    try {
      const { policyDocument = '' } = await client.send(new GetPolicyCommand({ policyName }));
      return isSameDocument(policyDocument, document) ? undefined : 'text of the policy';
    } catch (error) {
      if (isNotFound(error)) return 'policy';
      throw error;
    }
  }

  async function findGroupFault(): Promise<'thing group' | 'policy on the group' | undefined> {
    try {
      // A target has ten policies at most, so one page holds them all.
      const { policies: attached = [] } = await client.send(
        new ListAttachedPoliciesCommand({ target: groupArn }),
      );
      return attached.some((policy) => policy.policyName === policyName) ? undefined : 'policy on the group';
    } catch (error) {
      if (isNotFound(error)) return 'thing group';
      throw error;
    }
  }

  /** As the stack makes it; one that somebody else made meanwhile will do. */
  async function createGroup(): Promise<void> {
    const thingGroupName = groupArn.slice(groupArn.lastIndexOf('/') + 1);
    const thingGroupProperties = { thingGroupDescription: quarantineDescription };
    await client
      .send(new CreateThingGroupCommand({ thingGroupName, thingGroupProperties }))
      .catch(unlessExists);
  }

  async function restoreText(): Promise<void> {
    const versions = await policies.listVersions(policyName);
    for (const { versionId } of versions)
      if (isSameDocument(await policies.readVersion(policyName, versionId), document))
        return policies.setDefaultVersion(policyName, versionId);
    const dropped = findVersionToDrop(versions);
    if (dropped) await policies.deleteVersion(policyName, dropped.versionId);
    await policies.createVersion(policyName, document, true);
  }

  return {
    /** What is missing, in the order in which it is to be mended; empty where the quarantine is whole. */
    async findMissing(): Promise<QuarantinePart[]> {
      const [ofPolicy, ofGroup] = await Promise.all([findPolicyFault(), findGroupFault()]);
      // A policy that is made again is attached with it.
      const isImplied = ofPolicy === 'policy' && ofGroup === 'policy on the group';
      return [ofPolicy, isImplied ? undefined : ofGroup].filter((fault) => fault !== undefined);
    },

    /** Puts a part back, and after it the attachment, which goes with the policy or the group. */
    async mend(missing: QuarantinePart): Promise<void> {
      if (missing === 'text of the policy') return restoreText();
      if (missing === 'policy')
        await client
          .send(new CreatePolicyCommand({ policyName, policyDocument: document }))
          .catch(unlessExists);
      if (missing === 'thing group') await createGroup();
      await policies.attach(policyName, groupArn).catch((error: unknown) => {
        // The group is gone as well, and is mended after the policy.
        if (missing !== 'policy' || !isNotFound(error)) throw error;
      });
    },
  };
}

function unlessExists(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ResourceAlreadyExistsException') throw error;
}
