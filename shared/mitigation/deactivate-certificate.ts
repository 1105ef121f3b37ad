import { type HeldStatus, type Lease, statusObject } from '../domain/actions/lease';
import type { Detail } from '../domain/case/details';
import { isNotFound, isRefusal } from '../errors';
import {
  done,
  type MitigationAction,
  type MitigationContext,
  type PriorOf,
  reverted,
  unverified,
} from './action';
import { forEachItem } from './each';
import { acquireLease, noteSet, nothingToUndo, releaseLease } from './lease';

/** The strictest action: no device with the certificate can connect or receive anything until it is active again. */
export const deactivateCertificate: MitigationAction<PriorOf<'deactivate-certificate'>> = {
  rights: () => ({
    always: [{ actions: ['iot:DescribeCertificate', 'iot:UpdateCertificate'], resources: ['cert/*'] }],
  }),

  async apply({ certificates }, context) {
    const { certificates: registry } = context;
    const refusals = await forEachItem(certificates, async ({ certificateId, statusBefore }) => {
      const readNow = async () => (await registry.read(certificateId).catch(goneIfNotFound)).status;
      const before = statusBefore === 'unknown' ? await readNow() : statusBefore;
      const setAt = await acquireLease(statusObject(certificateId), { statusBefore: before }, context);
      // Not before: until then, the release of another thing may make it ACTIVE.
      const status = await readNow();
      if (status === 'ACTIVE') await deactivate(certificateId, context);
      // After a crash in between, a change until now counts as Cordon's own call.
      else if (before === 'ACTIVE' && setAt === undefined)
        await noteSet(statusObject(certificateId), context.clock(), context);
      return undefined;
    });
    if (refusals.length > 0) return { result: 'refused', detail: refusals };
    return done({ code: 'certificates-inactive', certificateIds: idsOf(certificates) });
  },

  async verify({ certificates }, { certificates: registry }) {
    for (const { certificateId } of certificates) {
      const { status } = await registry.read(certificateId).catch(goneIfNotFound);
      if (status === 'ACTIVE') return unverified({ code: 'certificate-status', certificateId, status });
    }
    if (certificates.length === 0) return unverified({ code: 'no-certificate-to-deactivate' });
    return done({ code: 'certificates-cannot-connect', certificateIds: idsOf(certificates) });
  },

  async revert({ certificates }, context) {
    const { certificates: registry } = context;
    const kept: Detail[] = [];
    const conflicts = await forEachItem(certificates, async ({ certificateId, statusBefore }) => {
      const restore = async (lease: Lease | undefined): Promise<Detail | undefined> => {
        const before = statusBefore === 'unknown' ? readHeld(lease)?.statusBefore : statusBefore;
        if (before !== 'ACTIVE') return undefined;
        const { status, modifiedAt } = await registry.read(certificateId).catch(goneIfNotFound);
        if (status === 'ACTIVE') return undefined;
        if (status === 'deleted') {
          kept.push({ code: 'certificate-deleted', certificateId });
          return undefined;
        }
        if (status !== 'INACTIVE' && context.touched !== 'nothing')
          return { code: 'certificate-not-active', certificateId, status };
        // Without a lease, AWS had refused Cordon's call, or a crash repeats this, or the lease was lost.
        const isAnother = isByAnother(modifiedAt, lease ? readHeld(lease)?.setAt : context.deniedAt);
        if (!lease || isAnother) {
          const claim = !isAnother && status === 'INACTIVE' && { isUnclaimed: true as const };
          kept.push({ code: 'certificate-changed', certificateId, status, ...claim });
          return undefined;
        }
        await registry.setStatus(certificateId, 'ACTIVE');
        return undefined;
      };
      const hold = async () => {
        const { status } = await registry.read(certificateId).catch(goneIfNotFound);
        if (status === 'ACTIVE') await deactivate(certificateId, context);
      };
      const { problem, heldBy } = await releaseLease(statusObject(certificateId), context, { restore, hold });
      if (heldBy.length > 0) kept.push({ code: 'certificate-held', certificateId, heldBy });
      return problem;
    });
    if (conflicts.length > 0) return { result: 'conflict', detail: [...conflicts, ...kept] };
    return reverted(kept.length > 0 ? kept : [{ code: 'certificates-restored' }], kept);
  },
};

/** A certificate that AWS refused to deactivate is not held, so a later deactivation is not Cordon's. */
async function deactivate(certificateId: string, context: MitigationContext): Promise<void> {
  try {
    await context.certificates.setStatus(certificateId, 'INACTIVE');
  } catch (error) {
    if (isRefusal(error)) await releaseLease(statusObject(certificateId), context, nothingToUndo);
    throw error;
  }
  await noteSet(statusObject(certificateId), context.clock(), context);
}

/** Clocks of Lambda and of AWS IoT differ by less, and AWS may give whole seconds, rounded either way. */
const clockMarginMs = 1_000;

/**
 * Whether somebody set the certificate INACTIVE again after Cordon, and so wants it to stay INACTIVE. The API reference
 * does not say whether such a call changes `lastModifiedDate`; if it doesn't, nothing shows the call.
 */
function isByAnother(modifiedAt: number | undefined, setAt: number | undefined): boolean {
  return modifiedAt !== undefined && setAt !== undefined && modifiedAt > setAt + clockMarginMs;
}

function readHeld(lease: Lease | undefined): HeldStatus | undefined {
  return lease && 'statusBefore' in lease.prior ? lease.prior : undefined;
}

function goneIfNotFound(error: unknown): { readonly status: string; readonly modifiedAt?: number } {
  if (isNotFound(error)) return { status: 'deleted' };
  throw error;
}

function idsOf(certificates: PriorOf<'deactivate-certificate'>['certificates']): string[] {
  return certificates.map(({ certificateId }) => certificateId);
}
