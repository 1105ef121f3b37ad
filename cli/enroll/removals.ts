import {
  DeleteCertificateCommand,
  DeletePolicyCommand,
  DeleteThingCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import type { connectPolicies } from '../../shared/aws/policies';
import type { connectThings } from '../../shared/aws/things';
import { isNotFound, orNothing } from '../../shared/errors';
import { CliError } from '../cli-error';
import { deleteOnceDetached, type Patience } from './retry-deletion';

function isAttached(error: unknown): boolean {
  return error instanceof Error && error.name === 'DeleteConflictException';
}

export function isInvalid(error: unknown): error is Error {
  return error instanceof Error && error.name === 'InvalidRequestException';
}

/** The objects that retiring deletes in AWS IoT, each once nothing holds it. */
export function connectRemovals(
  iot: IoTClient,
  things: Pick<ReturnType<typeof connectThings>, 'listPrincipals'>,
  policies: Pick<ReturnType<typeof connectPolicies>, 'listTargets' | 'listVersions' | 'deleteVersion'>,
  patience: Patience,
) {
  return {
    async detachThing(thingName: string, principal: string): Promise<void> {
      await iot.send(new DetachThingPrincipalCommand({ thingName, principal }));
    },

    /** Works with policies attached, but not while a thing has the certificate (API reference, DeleteCertificate). */
    async deleteCertificate(certificateId: string): Promise<void> {
      const command = new DeleteCertificateCommand({ certificateId, forceDelete: true });
      const what = `certificate ${certificateId.slice(0, 12)}…`;
      // The response to an attempt that took effect can be lost, and another run can have deleted it.
      const attempt = () => orNothing(() => iot.send(command));
      await deleteOnceDetached(what, attempt, isAttached, patience);
    },

    /** The targets of the policy; nothing if there is no such policy. */
    findTargets: (policyName: string): Promise<readonly string[] | undefined> =>
      orNothing(() => policies.listTargets(policyName)),

    /** Deletes such a policy if nothing holds it; whether it did. */
    async deleteUnusedPolicy(policyName: string): Promise<boolean> {
      const attempt = async (): Promise<boolean> => {
        if ((await policies.listTargets(policyName)).length > 0) return false;
        for (const { versionId, isDefault } of await policies.listVersions(policyName))
          if (!isDefault) await orNothing(() => policies.deleteVersion(policyName, versionId));
        await iot.send(new DeletePolicyCommand({ policyName }));
        return true;
      };
      try {
        return await deleteOnceDetached(`policy ${policyName}`, attempt, isAttached, patience);
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },

    /** AWS IoT refuses while a certificate is attached, and for a while after it was. */
    async deleteThing(thingName: string): Promise<void> {
      const isLettingGo = async (error: unknown): Promise<boolean> => {
        if (!isInvalid(error)) return false;
        if ((await things.listPrincipals(thingName)).length === 0) return true;
        throw new CliError(
          `thing ${thingName} got another certificate meanwhile (${error.message}), so it remains: run the same command again`,
          error,
        );
      };
      const command = new DeleteThingCommand({ thingName });
      await deleteOnceDetached(`thing ${thingName}`, () => iot.send(command), isLettingGo, patience);
    },
  };
}
