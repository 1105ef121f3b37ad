import { readFile } from 'node:fs/promises';
import { isOpen } from '../../shared/domain/case/case';
import type { Configuration } from '../../shared/domain/configuration';
import { drillPrefix, isDrill } from '../../shared/domain/drill';
import { agentClientId } from '../../shared/domain/text';
import { thingKey } from '../../shared/domain/thing-ref';
import { CliError, RefusedError, UsageError } from '../cli-error';
import { explainFileFault } from '../explain-file-fault';
import { requireThingName } from '../require-thing';
import type { Target } from '../target';
import { writeAgentConfig } from './agent-config';
import { type PolicyScope, serializePolicy, writeDevicePolicy } from './device-policy';
import {
  certificateIdOf,
  createFolder,
  type DeviceFolder,
  type FolderCertificate,
  findFolder,
  folderAt,
  readCertificate,
} from './folder';
import { createKey, createSigningRequest, publicKeyOf, readRequestKey } from './key';
import { type DeviceRegistry, isSamePolicy, prefixOf, refuseShared, requireSamePolicy } from './registry';

export interface EnrollOptions {
  /** Where the device's files go. */
  readonly folder: string;
  /** A certificate request from the device, which keeps its key. */
  readonly csr?: string;
  /** Creates another certificate, although the thing has one. */
  readonly rotate: boolean;
  readonly scope: PolicyScope;
  /** Name of the policy, instead of the default. */
  readonly policyName?: string;
  readonly topics: readonly string[];
  readonly rootCa: string;
  /** The thing belongs to a drill; its names are reserved. */
  readonly isDrill?: true;
}

export interface EnrollTarget {
  readonly stage: string;
  readonly isLocal: boolean;
  readonly registry: DeviceRegistry;
  readonly cases: Pick<Target['cases'], 'load'>;
}

/** The name of a thing's policy. Thing names have no dot, so no two things share one. */
export function policyNameOf(stage: string, scope: PolicyScope, thingName: string): string {
  const fleet = `cordon-${stage}-device`;
  return scope === 'fleet' ? fleet : `${fleet}-${thingName.replaceAll(':', '.')}`;
}

/** Whether AWS IoT accepts a policy of this name. */
export function isPolicyName(name: string): boolean {
  return /^[\w+=,.@-]{1,128}$/.test(name);
}

/**
 * Registers a thing with its own certificate, and writes the files of its device. The next run completes an interrupted one.
 * A run after a complete one changes nothing, also nothing that somebody has changed since.
 */
export async function enroll(
  thingName: string,
  options: EnrollOptions,
  configuration: Configuration,
  { stage, registry, cases }: EnrollTarget,
): Promise<string> {
  requireEnrollable(thingName, options);
  const policyName = options.policyName ?? policyNameOf(stage, options.scope, thingName);
  if (!isPolicyName(policyName))
    throw new UsageError(
      `${JSON.stringify(policyName)} is not a policy name that AWS IoT accepts: ${
        options.policyName === undefined
          ? 'it would be too long, so give a shorter one with --policy-name'
          : 'expected 1 to 128 of a-z A-Z 0-9 _ + = , . @ -'
      }`,
    );
  const open = (await cases.load(thingKey(thingName)))?.value;
  if (isOpen(open) && open.ledger.length > 0)
    throw new RefusedError(
      `${thingName} is ${open.status}, and a new certificate would free it: release it first`,
    );

  const request = options.csr === undefined ? undefined : await readRequest(options.csr);
  await clearEndedStack(options.folder, registry);
  const folder = folderAt(options.folder);
  const there = await registry.findThing(thingName);
  const principals = there === undefined ? [] : await registry.listPrincipals(thingName);
  const held = principals.filter((one) => one.includes(':cert/'));
  const before = await readCertificate(folder);
  const named = options.scope === 'thing' ? thingName : undefined;
  const writePolicy = (arn: string | undefined) =>
    serializePolicy(writeDevicePolicy(prefixOf(arn), configuration.detector, options.topics, named));
  if (before && (await folder.read('configuration')) !== undefined) {
    const done = await describeFinished(thingName, before, held, folder, registry);
    const finished = options.rotate ? `${done} For another certificate, give a new folder with --out.` : done;
    const kept = options.topics.length > 0 ? await registry.findPolicy(policyName) : undefined;
    if (!kept || isSamePolicy(kept, writePolicy(kept.policyArn))) return finished;
    return `${finished} Its policy ${policyName} stays as it is, although you gave other topics or another detector. To use those, add --policy-name NAME --rotate --out FOLDER.`;
  }
  if (!before && held.length > 0 && !options.rotate)
    throw new RefusedError(
      `${thingName} already has a certificate (${held.map(shorten).join(', ')}), whose files are not in ${folder.path}: give its folder with --out, or create another certificate with --rotate`,
    );

  await checkFolder(thingName, request, before, folder, registry);
  const policy = await registry.findPolicy(policyName);
  // Refused before anything is created, so that no thing without a certificate remains, and no empty folder.
  if (policy) requireSamePolicy(policyName, policy, writePolicy(policy.policyArn));
  const removeEmptyFolder = await createFolder(options.folder);
  const certify = async () => {
    const arn = there ?? (await registry.createThing(thingName));
    if (!policy) await registry.ensurePolicy(policyName, writePolicy(arn));
    return ensureCertificate(thingName, request, before, folder, registry);
  };
  const certificate = await certify().catch(async (error: unknown) => {
    await removeEmptyFolder();
    throw error;
  });
  const { certificateId } = certificate;
  const found = await requireRegistered(certificate, folder, registry);
  await registry.attachPolicy(policyName, found.certificateArn);
  const attached = await registry.attachThing(thingName, found.certificateArn);
  await folder.write('rootCa', options.rootCa);
  if (found.status !== 'ACTIVE') await registry.setStatus(certificateId, 'ACTIVE');
  // Written last: its existence means that everything else is done.
  const endpoint = await registry.readEndpoint();
  const { isExclusive } = attached;
  await folder.write('configuration', writeAgentConfig(thingName, endpoint, configuration, isExclusive));
  const done = `${thingName} is enrolled with policy ${policyName}. Its certificate ${shorten(certificateId)} is ACTIVE. Its files are in ${folder.path}.`;
  return attached.isExclusive ? done : `${done}\n${warnOfShared(thingName, attached.reason)}`;
}

/** A local stack forgets its registry when it ends, so files with its certificates are useless. */
async function clearEndedStack(path: string, registry: DeviceRegistry): Promise<void> {
  const folder = await findFolder(path);
  const certificate = folder && (await readCertificate(folder));
  if (!certificate || !/^endpoint: localhost:\d+$/m.test((await folder.read('configuration')) ?? '')) return;
  if ((await registry.findCertificate(certificate.certificateId)) === undefined) await folder.remove();
}

function warnOfShared(thingName: string, reason: string): string {
  return `AWS IoT did not attach the certificate exclusively (${reason}), so it is attached without EXCLUSIVE_THING: the agent connects as ${thingName}, and an application must not use that client id as well.`;
}

/** The agent's client id must be valid in AWS IoT, and must not be another thing's name. */
function requireEnrollable(thingName: string, { isDrill: isForDrill }: EnrollOptions): void {
  requireThingName(thingName);
  if (isDrill(thingName) && !isForDrill)
    throw new UsageError(
      `${thingName} begins with ${drillPrefix}, as only the things of cordon drill do: choose another name`,
    );
  const end = agentClientId('');
  if (thingName.endsWith(end))
    throw new UsageError(
      `${thingName} ends with ${end}, like the client id of another thing's agent: choose another name`,
    );
  if (agentClientId(thingName).length > longestClientId)
    throw new UsageError(
      `${thingName} is too long: the agent's client id ${agentClientId(thingName)} would have more than ${longestClientId} characters, the limit of AWS IoT: choose a shorter name`,
    );
}

const longestClientId = 128;

/** After a complete run, nothing is done again: later changes were made on purpose. */
async function describeFinished(
  thingName: string,
  { certificateId }: FolderCertificate,
  held: readonly string[],
  folder: DeviceFolder,
  registry: DeviceRegistry,
): Promise<string> {
  if (!held.some((arn) => arn.endsWith(`/${certificateId}`)))
    throw new RefusedError(
      `${folder.path} has the files of another thing or of a retired certificate: give another --out`,
    );
  const status = (await registry.findCertificate(certificateId))?.status;
  return `${thingName} was enrolled before. Its certificate ${shorten(certificateId)} is ${status}. Its files are in ${folder.path}.`;
}

/** Refuses files that are not of this thing's interrupted enrollment, before anything is created or changed. */
async function checkFolder(
  thingName: string,
  given: CertificateRequest | undefined,
  before: FolderCertificate | undefined,
  folder: DeviceFolder,
  registry: DeviceRegistry,
): Promise<void> {
  const key = await folder.read('key');
  if (!before) {
    if (key === undefined) return;
    const own = await requestFor(thingName, key, folder);
    if (given && !given.publicKey.equals(own.publicKey))
      throw new RefusedError(
        `${own.source} is not the key of ${given.source}: give another --out, or leave out --csr`,
      );
    return;
  }
  if (!given && key === undefined)
    throw new RefusedError(
      `${folder.path} has a certificate but no ${folder.pathOf('key')}: if the key is on the device, give its request with --csr`,
    );
  requireMatch(before, given ?? (await requestFor(thingName, key ?? '', folder)), folder);
  const { certificateArn } = await requireRegistered(before, folder, registry);
  const users = await registry.listThingsOfPrincipal(certificateArn);
  const others = users.filter((name) => name !== thingName);
  if (others.length > 0) throw refuseShared(thingName, others);
}

async function requireRegistered(
  { certificateId }: FolderCertificate,
  folder: DeviceFolder,
  registry: DeviceRegistry,
) {
  const found = await registry.findCertificate(certificateId);
  if (found) return found;
  throw new RefusedError(
    `${folder.pathOf('certificate')} is not registered in this account: give another --out to create a new one`,
  );
}

function requireMatch(
  { x509 }: FolderCertificate,
  { publicKey, source }: CertificateRequest,
  folder: DeviceFolder,
): void {
  if (publicKeyOf(x509).equals(publicKey)) return;
  throw new RefusedError(
    `${folder.pathOf('certificate')} does not match the key of ${source}: give the request of the device's own key, or another --out`,
  );
}

/** The certificate in the folder, or a new one. */
async function ensureCertificate(
  thingName: string,
  given: CertificateRequest | undefined,
  before: FolderCertificate | undefined,
  folder: DeviceFolder,
  registry: DeviceRegistry,
): Promise<FolderCertificate> {
  if (before) return before;
  const request = given ?? (await requestForOwnKey(thingName, folder));
  const created = await registry.createCertificate(request.request);
  const isOurs = (await folder.create('certificate', created)) === created;
  const made = await readCertificate(folder);
  if (!made)
    throw new CliError(`${folder.pathOf('certificate')} was deleted meanwhile: run the command again`);
  // Another run at the same time wrote its certificate first.
  if (!isOurs) await registry.deleteCertificate(certificateIdOf(created));
  requireMatch(made, request, folder);
  return made;
}

interface CertificateRequest {
  readonly request: string;
  readonly publicKey: Buffer;
  /** The file of the request, or of its key. */
  readonly source: string;
}

async function readRequest(csr: string): Promise<CertificateRequest> {
  const request = await readFile(csr, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`${csr} can't be read${explainFileFault(cause)}`, cause);
  });
  const publicKey = await readRequestKey(request);
  if (!publicKey)
    throw new UsageError(
      `${csr} is not a certificate request (PKCS #10, PEM) signed by its own key: create one with openssl req -new`,
    );
  return { request, publicKey, source: csr };
}

/** The key in the folder, or a new one, which is written before its certificate is requested. */
async function requestForOwnKey(thingName: string, folder: DeviceFolder): Promise<CertificateRequest> {
  // Of two runs at the same time, both use the key that was written first.
  const key = (await folder.read('key')) ?? (await folder.create('key', await createKey()));
  return requestFor(thingName, key, folder);
}

async function requestFor(thingName: string, key: string, folder: DeviceFolder): Promise<CertificateRequest> {
  try {
    return {
      request: await createSigningRequest(thingName, key),
      publicKey: publicKeyOf(key),
      source: folder.pathOf('key'),
    };
  } catch (cause) {
    throw new CliError(
      `${folder.pathOf('key')} is not an EC P-256 key in PEM format: restore it, or give another --out`,
      cause,
    );
  }
}

/** Enough of an id to recognize it. */
export function shorten(arnOrId: string): string {
  return `${arnOrId.slice(arnOrId.lastIndexOf('/') + 1).slice(0, 12)}…`;
}
