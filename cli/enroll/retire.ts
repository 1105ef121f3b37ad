import { isOpen } from '../../shared/domain/case';
import { isRegistryName } from '../../shared/domain/names';
import { CliError } from '../cli-error';
import { type EnrollTarget, policyNameOf, shorten } from './enroll';
import { openFolder, readCertificate } from './folder';
import { publicKeyOf } from './key';
import type { DeviceRegistry } from './registry';

export interface RetireOptions {
  readonly dryRun: boolean;
  /** Though a case is open. */
  readonly force: boolean;
  /** Keeps the thing and the certificate of this folder: the end of a rotation. */
  readonly keep?: string;
}

interface Step {
  readonly text: string;
  readonly run: () => Promise<unknown>;
}

/**
 * Takes a device's rights for good: certificates are deactivated, detached and deleted, and the thing with them. Each
 * step leaves less than the one before, so a run that was cut short is finished by the next.
 */
export async function retire(
  thingName: string,
  { dryRun, force, keep }: RetireOptions,
  { stage, registry, cases }: EnrollTarget,
): Promise<string> {
  if (!isRegistryName(thingName)) throw new CliError(`${JSON.stringify(thingName)} is not a thing name`);
  const open = (await cases.load(thingName))?.value;
  if (isOpen(open) && !force)
    throw new CliError(
      `${thingName} has an open case (${open.status}): release or dismiss it first, or use --force, which leaves the case without its thing`,
    );
  if (!(await registry.findThing(thingName))) throw new CliError(`there is no thing ${thingName}`);
  const kept = keep === undefined ? undefined : await findKept(keep);
  const held = await registry.listPrincipals(thingName);
  if (kept !== undefined && !held.some((arn) => arn.endsWith(`/${kept}`)))
    throw new CliError(`the certificate of ${keep} is not attached to ${thingName}: enroll it first`);

  const certificates = held.filter((arn) => arn.includes(':cert/') && !arn.endsWith(`/${kept}`));
  const steps = [
    ...(await Promise.all(certificates.map((arn) => planCertificate(thingName, arn, registry)))).flat(),
    ...(kept === undefined ? planThing(thingName, stage, registry, certificates, held) : []),
  ];
  const lines: string[] = [];
  for (const { text, run } of steps) {
    if (!dryRun) await run();
    lines.push(`${dryRun ? 'would ' : ''}${text}`);
  }
  if (lines.length === 0) return `${thingName} has no certificate but the one kept.`;
  const end = kept === undefined ? `${thingName} is retired.` : `${thingName} has one certificate now.`;
  return [...lines, ...(dryRun ? [] : [end])].join('\n');
}

async function findKept(path: string): Promise<string> {
  const folder = await openFolder(path);
  const certificate = await readCertificate(folder);
  const key = await folder.read('key');
  if (!certificate) throw new CliError(`${path} holds no certificate to keep`);
  // A folder of a --csr has no key to compare.
  if (key !== undefined && !publicKeyOf(key).equals(publicKeyOf(certificate.x509)))
    throw new CliError(`the key in ${path} is not that of its certificate`);
  return certificate.certificateId;
}

async function planCertificate(thingName: string, arn: string, registry: DeviceRegistry): Promise<Step[]> {
  const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
  const name = shorten(arn);
  const others = (await registry.listThingsOfPrincipal(arn)).filter((other) => other !== thingName);
  const detach = {
    text: `detach certificate ${name} from ${thingName}`,
    run: () => registry.detachThing(thingName, arn),
  };
  // Theirs as well: only the tie to this thing is cut.
  if (others.length > 0) return [{ ...detach, text: `${detach.text}, and leave it to ${others.join(', ')}` }];
  const policies = await registry.listPolicies(arn);
  return [
    { text: `deactivate certificate ${name}`, run: () => registry.setStatus(certificateId, 'INACTIVE') },
    ...policies.map((policy) => ({
      text: `detach policy ${policy} from certificate ${name}`,
      run: () => registry.detachPolicy(policy, arn),
    })),
    detach,
    { text: `delete certificate ${name}`, run: () => registry.deleteCertificate(certificateId) },
  ];
}

function planThing(
  thingName: string,
  stage: string,
  registry: DeviceRegistry,
  certificates: readonly string[],
  held: readonly string[],
): Step[] {
  const others = held.filter((arn) => !certificates.includes(arn));
  const ownPolicy = policyNameOf(stage, 'thing', thingName);
  return [
    ...others.map((arn) => ({
      text: `detach ${arn} from ${thingName}`,
      run: () => registry.detachThing(thingName, arn),
    })),
    {
      text: `end the session of ${thingName}, if it is connected`,
      run: () => registry.cutSession(thingName),
    },
    {
      text: `delete policy ${ownPolicy}, if there is one`,
      run: () => registry.deleteUnusedPolicy(ownPolicy),
    },
    { text: `delete thing ${thingName}`, run: () => registry.deleteThing(thingName) },
  ];
}
