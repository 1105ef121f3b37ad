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
import { deniesAsMuch } from '../mitigation/policy-coverage';
import { isSameDocument } from '../mitigation/policy-text';
import { iotClient } from './iot-client';
import { connectPolicies } from './policies';

/** The parts that the quarantine needs to deny anything. */
export type QuarantinePart = 'policy' | 'text of the policy' | 'thing group' | 'policy on the group';

interface Watched {
  readonly policyName: string;
  readonly document: string;
  readonly groupArn: string;
  /** It existed before the stack, which never creates it. */
  readonly isAdopted?: boolean;
  /** The account had the policy before, too. It may deny more than the document does. */
  readonly isPolicyAdopted?: boolean;
}

/** Checks group, policy and policy document, and restores what is missing. */
export function watchQuarantine(watched: Watched, client: IoTClient = iotClient()) {
  const { policyName, document, groupArn, isAdopted = false, isPolicyAdopted = false } = watched;
  const isWhole = isPolicyAdopted ? deniesAsMuch : isSameDocument;
  const policies = connectPolicies(client);

  async function findPolicyFault(): Promise<'policy' | 'text of the policy' | undefined> {
    try {
      const { policyDocument = '' } = await client.send(new GetPolicyCommand({ policyName }));
      return isWhole(policyDocument, document) ? undefined : 'text of the policy';
    } catch (error) {
      if (isNotFound(error)) return 'policy';
      throw error;
    }
  }

  async function findGroupFault(): Promise<'thing group' | 'policy on the group' | undefined> {
    try {
      // A target has at most ten policies, so one page has all of them.
      const { policies: attached = [] } = await client.send(
        new ListAttachedPoliciesCommand({ target: groupArn }),
      );
      return attached.some((policy) => policy.policyName === policyName) ? undefined : 'policy on the group';
    } catch (error) {
      if (isNotFound(error)) return 'thing group';
      throw error;
    }
  }

  /** Creates the group as the stack does. A group that somebody else created meanwhile is fine. */
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
    /** The missing parts in the order of their repair; empty if the quarantine is complete. */
    async findMissing(): Promise<QuarantinePart[]> {
      const [ofPolicy, ofGroup] = await Promise.all([findPolicyFault(), findGroupFault()]);
      // Creating the policy again also attaches it.
      const isImplied = ofPolicy === 'policy' && ofGroup === 'policy on the group';
      return [ofPolicy, isImplied ? undefined : ofGroup].filter((fault) => fault !== undefined);
    },

    /** Restores a part, and then the attachment, which was lost with the policy or the group. */
    async repair(missing: QuarantinePart): Promise<void> {
      if (isPolicyAdopted && missing === 'policy')
        throw new Error(`the adopted policy is gone: create ${policyName} again`);
      if (isPolicyAdopted && missing === 'text of the policy')
        throw new Error(`the adopted policy ${policyName} no longer denies all that a containment denies`);
      if (missing === 'text of the policy') return restoreText();
      if (missing === 'policy')
        await client
          .send(new CreatePolicyCommand({ policyName, policyDocument: document }))
          .catch(unlessExists);
      if (missing === 'thing group' && isAdopted)
        throw new Error(`the adopted thing group is gone: create ${groupArn} again`);
      if (missing === 'thing group') await createGroup();
      await policies.attach(policyName, groupArn).catch((error: unknown) => {
        // The group is missing as well, and is restored after the policy.
        if (missing !== 'policy' || !isNotFound(error)) throw error;
      });
    },
  };
}

function unlessExists(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ResourceAlreadyExistsException') throw error;
}
