import { createHash } from 'node:crypto';
import { isOpen } from '../../shared/domain/case/case';
import { agentClientId } from '../../shared/domain/text';
import { thingKey } from '../../shared/domain/thing-ref';
import { CliError, RefusedError, UsageError } from '../cli-error';
import { requireThingName } from '../require-thing';
import { type EnrollTarget, isPolicyName, policyNameOf, shorten } from './enroll';
import { fileNames, folderAt, readCertificate } from './folder';
import { publicKeyOf } from './key';
import type { DeviceRegistry } from './registry';

export interface RetireOptions {
  readonly dryRun: boolean;
  /** Though a case is open. */
  readonly force: boolean;
  /** Keeps the thing and the certificate of this folder: the end of a rotation. */
  readonly keep?: string;
  /** Where the device's files are, if they are on this machine: those of a retired certificate are deleted. */
  readonly files?: string;
}

interface Step {
  readonly text: string;
  /** Resolves to a text of what was done, if that is not what `text` says. */
  readonly run: () => Promise<unknown>;
}

/**
 * Removes a device's rights permanently: certificates are deactivated, detached and deleted, and the thing with them. Each
 * step leaves less than the one before, so a run that was cut short is finished by the next. AWS IoT deletes no
 * certificate that a thing has, and finds none by a thing it had: so a policy of this thing's own marks it meanwhile.
 */
export async function retire(
  thingName: string,
  { dryRun, force, keep, files }: RetireOptions,
  { stage, isLocal, registry, cases }: EnrollTarget,
): Promise<string> {
  requireThingName(thingName);
  const open = (await cases.load(thingKey(thingName)))?.value;
  if (isOpen(open) && !force)
    throw new RefusedError(
      `${thingName} has an open case (${open.status}): release or dismiss it first, or use --force, which leaves a case without a thing`,
    );
  const mark = markOf(stage, thingName);
  const marked = await registry.findTargets(mark);
  const there = (await registry.findThing(thingName)) !== undefined;
  if (!there && marked === undefined)
    throw new CliError(
      isLocal
        ? `the local stack has no thing ${thingName}: check the name, or use --aws`
        : `there is no thing ${thingName}: check the name and AWS_REGION`,
    );
  const kept = keep === undefined ? undefined : await findKept(keep);
  const held = there ? await registry.listPrincipals(thingName) : [];
  checkKept(thingName, keep, kept, held, marked ?? []);

  const certificates = held.filter((arn) => arn.includes(':cert/') && !arn.endsWith(`/${kept}`));
  const orphans = (marked ?? []).filter((arn) => !held.includes(arn));
  const plans = await Promise.all([
    ...certificates.map((arn) => planCertificate(thingName, arn, mark, registry)),
    ...orphans.map((arn) => planOrphan(arn, mark, registry)),
  ]);
  const ends = there && kept === undefined;
  const going = plans.flatMap(({ removed }) => removed);
  const fileFaults: unknown[] = [];
  const steps = [
    ...plans.flatMap(({ disarm }) => disarm),
    ...(ends ? planSessions(thingName, registry) : []),
    // While the certificate is marked: once it is deleted, the next run does not find whose files these are.
    ...(files === undefined ? [] : await planFiles(thingName, files, going, fileFaults)),
    // Only now what may have to wait: the device has no right left.
    ...plans.flatMap(({ remove }) => remove),
    ...(ends ? await planThing(thingName, stage, registry, certificates, held, going) : []),
    ...(marked !== undefined || certificates.length > 0 ? [planPolicyDeletion(mark, registry)] : []),
  ];
  const lines: string[] = [];
  for (const { text, run } of steps) {
    const instead = dryRun ? `would ${text}` : await run();
    lines.push(typeof instead === 'string' ? instead : text);
  }
  if (fileFaults.length > 0) throw fileFaults[0];
  if (lines.length === 0) return `${thingName} has no other certificate than the one to keep.`;
  const end = kept === undefined ? `${thingName} is retired.` : `${thingName} has one certificate now.`;
  return [...lines, ...(dryRun ? [] : [end])].join('\n');
}

/** The device's rights end even if its files can't be read or deleted: `faults` gets the reason of the latter. */
async function planFiles(
  thingName: string,
  path: string,
  retired: readonly string[],
  faults: unknown[],
): Promise<Step[]> {
  let certificateId: string | undefined;
  try {
    certificateId = (await readCertificate(folderAt(path)))?.certificateId;
  } catch {
    const text = `keep the files in ${path}, whose ${fileNames.certificate} is unreadable: delete them if they are of ${thingName}`;
    return [{ text, run: async () => {} }];
  }
  if (certificateId === undefined || !retired.some((arn) => arn.endsWith(`/${certificateId}`))) return [];
  const run = () => folderAt(path).remove();
  const keepFault = (fault: unknown) => void faults.push(fault);
  return [{ text: `delete the files in ${path}, including the key`, run: () => run().catch(keepFault) }];
}

/** Marks the certificates that are being retired. A thing's name has no @, and can be too long for a policy name. */
function markOf(stage: string, thingName: string): string {
  const hash = createHash('sha256').update(thingName).digest('hex').slice(0, 32);
  return `${policyNameOf(stage, 'fleet', thingName)}-retiring@${hash}`;
}

const markDocument = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: 'iot:*', Resource: '*' }],
});

function checkKept(
  thingName: string,
  keep: string | undefined,
  kept: string | undefined,
  held: readonly string[],
  marked: readonly string[],
): void {
  if (kept === undefined) return;
  const isKept = (arn: string) => arn.endsWith(`/${kept}`);
  if (!held.some(isKept))
    throw new RefusedError(`the certificate of ${keep} is not attached to ${thingName}: enroll it first`);
  if (marked.some(isKept))
    throw new RefusedError(`the certificate of ${keep} is already being retired: keep another one, or none`);
}

async function findKept(path: string): Promise<string> {
  const folder = folderAt(path);
  const certificate = await readCertificate(folder);
  const key = await folder.read('key');
  if (!certificate)
    throw new UsageError(`${path} has no certificate to keep: name a folder that cordon enroll wrote`);
  // A folder of a --csr has no key to compare.
  if (key !== undefined && !publicKeyOf(key).equals(publicKeyOf(certificate.x509)))
    throw new RefusedError(
      `the key in ${path} does not match its certificate: name the folder of the certificate to keep`,
    );
  return certificate.certificateId;
}

interface Plan {
  /** The certificate, if it ends up deleted. */
  readonly removed: readonly string[];
  readonly disarm: readonly Step[];
  readonly remove: readonly Step[];
}

async function planCertificate(
  thingName: string,
  arn: string,
  mark: string,
  registry: DeviceRegistry,
): Promise<Plan> {
  const text = `detach certificate ${shorten(arn)} from ${thingName}`;
  const others = (await registry.listThingsOfPrincipal(arn)).filter((other) => other !== thingName);
  // Theirs as well: only the tie to this thing is cut.
  if (others.length > 0) {
    const run = () => registry.detachThing(thingName, arn);
    return {
      removed: [],
      disarm: [{ text: `${text}, and keep it for ${others.join(', ')}`, run }],
      remove: [],
    };
  }
  const detach = async () => {
    await registry.ensurePolicy(mark, markDocument);
    await registry.attachPolicy(mark, arn);
    await registry.detachThing(thingName, arn);
  };
  const { disarm, ...rest } = await planRemoval(arn, mark, registry);
  return { ...rest, disarm: [...disarm, { text, run: detach }] };
}

/** A certificate that an earlier, interrupted run detached from the thing. */
async function planOrphan(arn: string, mark: string, registry: DeviceRegistry): Promise<Plan> {
  const owners = await registry.listThingsOfPrincipal(arn);
  if (owners.length === 0) return planRemoval(arn, mark, registry);
  const text = `keep certificate ${shorten(arn)} for ${owners.join(', ')}`;
  return { removed: [], disarm: [{ text, run: () => registry.detachPolicy(mark, arn) }], remove: [] };
}

async function planRemoval(arn: string, mark: string, registry: DeviceRegistry): Promise<Plan> {
  const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
  const name = shorten(arn);
  const policies = (await registry.listPolicies(arn)).filter((policy) => policy !== mark);
  return {
    removed: [arn],
    disarm: [
      { text: `deactivate certificate ${name}`, run: () => registry.setStatus(certificateId, 'INACTIVE') },
      ...policies.map((policy) => ({
        text: `detach policy ${policy} from certificate ${name}`,
        run: () => registry.detachPolicy(policy, arn),
      })),
    ],
    remove: [{ text: `delete certificate ${name}`, run: () => registry.deleteCertificate(certificateId) }],
  };
}

function planSessions(thingName: string, registry: DeviceRegistry): Step[] {
  return [thingName, agentClientId(thingName)].map((clientId) => ({
    text: `end the session of ${clientId}, if it is connected`,
    run: () => registry.cutSession(clientId),
  }));
}

async function planThing(
  thingName: string,
  stage: string,
  registry: DeviceRegistry,
  certificates: readonly string[],
  held: readonly string[],
  going: readonly string[],
): Promise<Step[]> {
  const others = held.filter((arn) => !certificates.includes(arn));
  const ownPolicy = policyNameOf(stage, 'thing', thingName);
  // There is none of a longer name, and AWS IoT refuses to look for it.
  const canBe = isPolicyName(ownPolicy);
  const holders = canBe
    ? ((await registry.findTargets(ownPolicy))?.filter((arn) => !going.includes(arn)) ?? [])
    : [];
  return [
    ...others.map((arn) => ({
      text: `detach ${arn} from ${thingName}`,
      run: () => registry.detachThing(thingName, arn),
    })),
    ...(holders.length > 0 ? [{ text: writeLeft(ownPolicy, holders), run: async () => {} }] : []),
    ...(canBe && holders.length === 0 ? [planPolicyDeletion(ownPolicy, registry)] : []),
    { text: `delete thing ${thingName}`, run: () => registry.deleteThing(thingName) },
  ];
}

/** A policy that others have attached meanwhile stays, and the command says so. */
function planPolicyDeletion(policyName: string, registry: DeviceRegistry): Step {
  return {
    text: `delete policy ${policyName}, if it exists`,
    async run() {
      if (await registry.deleteUnusedPolicy(policyName)) return undefined;
      const holders = (await registry.findTargets(policyName)) ?? [];
      return holders.length > 0 ? writeLeft(policyName, holders) : undefined;
    },
  };
}

function writeLeft(policyName: string, holders: readonly string[]): string {
  return `keep policy ${policyName}, which is attached to ${holders.map(nameHolder).join(', ')}`;
}

/** `certificate 0123456789ab…`, `thinggroup/NAME`. */
function nameHolder(arn: string): string {
  return arn.includes(':cert/') ? `certificate ${shorten(arn)}` : arn.slice(arn.lastIndexOf(':') + 1);
}
