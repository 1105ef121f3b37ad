import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceRegistry } from '../../../cli/enroll/registry';
import { retire } from '../../../cli/enroll/retire';
import { createCertificateAuthority } from '../../../local/aws/mqtt/certificates';

const ca = await createCertificateAuthority();
const { certificatePem } = await ca.issueDeviceCertificate({ commonName: 'mything1' });
const certificateId = createHash('sha256').update(new X509Certificate(certificatePem).raw).digest('hex');

const prefix = 'arn:aws:iot:eu-west-1:123456789012';
const own = `${prefix}:cert/${'a'.repeat(64)}`;
const foreign = `${prefix}:cert/${'b'.repeat(64)}`;
const group = `${prefix}:thinggroup/line-1`;
const policy = 'cordon-dev-device-mything1';

/** A registry with one thing, whose certificate has its own policy; `holders` have that too. */
function aRegistry(holders: readonly string[], comesMeanwhile: readonly string[] = [], certificateArn = own) {
  const targets = new Set([certificateArn, ...holders]);
  const done: string[] = [];
  const registry = {
    findThing: async () => `${prefix}:thing/mything1`,
    listPrincipals: async () => [certificateArn],
    listThingsOfPrincipal: async () => ['mything1'],
    listPolicies: async () => [policy],
    findTargets: async (name: string) => (name === policy ? [...targets] : undefined),
    setStatus: async () => {},
    detachPolicy: async () => void targets.delete(certificateArn),
    ensurePolicy: async () => {},
    attachPolicy: async () => {},
    detachThing: async () => {},
    cutSession: async () => true,
    deleteCertificate: async () => {
      for (const arn of comesMeanwhile) targets.add(arn);
    },
    deleteUnusedPolicy: async (name: string) => {
      const isUnused = name === policy && targets.size === 0;
      if (isUnused) done.push(`deleted ${name}`);
      return isUnused;
    },
    deleteThing: async () => void done.push('deleted the thing'),
  } as unknown as DeviceRegistry;
  const run = async (dryRun = false, files?: string) =>
    (
      await retire(
        'mything1',
        { dryRun, force: false, ...(files !== undefined && { files }) },
        { stage: 'dev', isLocal: false, registry, cases: { load: async () => undefined } },
      )
    ).split('\n');
  return { run, done };
}

describe('the files of a device that is retired', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cordon-retire-'));
    await writeFile(join(folder, 'certificate.pem'), certificatePem);
    await writeFile(join(folder, 'private.key'), 'a key');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('are deleted with its certificate, and the folder with them', async () => {
    const { run } = aRegistry([], [], `${prefix}:cert/${certificateId}`);
    const text = `delete the files in ${folder}, including the key`;

    expect(await run(true, folder)).toContain(`would ${text}`);
    expect(existsSync(join(folder, 'private.key'))).toBe(true);
    expect(await run(false, folder)).toContain(text);
    expect(existsSync(folder)).toBe(false);
  });

  it('stay if they belong to another certificate, as do unrelated files', async () => {
    expect((await aRegistry([]).run(false, folder)).join()).not.toContain('delete the files');
    expect(existsSync(join(folder, 'private.key'))).toBe(true);

    await writeFile(join(folder, 'notes.txt'), 'mine');
    await aRegistry([], [], `${prefix}:cert/${certificateId}`).run(false, folder);

    expect(await readdir(folder)).toEqual(['notes.txt']);
  });
});

it.each([
  [false, 'there is no thing nobody: check the name and AWS_REGION'],
  [true, 'the local stack has no thing nobody: check the name, or use --aws'],
])('an unknown thing can not be retired, on the local stack: %s', async (isLocal, message) => {
  const none = async () => undefined;
  const registry = { findThing: none, findTargets: none } as unknown as DeviceRegistry;
  const ports = { stage: 'dev', isLocal, registry, cases: { load: none } };

  await expect(retire('nobody', { dryRun: false, force: false }, ports)).rejects.toThrow(message);
});

describe('the policy of a thing that is retired', () => {
  it('is deleted with it', async () => {
    const { run, done } = aRegistry([]);

    expect(await run()).toContain(`delete policy ${policy}, if it exists`);
    expect(done).toEqual([`deleted ${policy}`, 'deleted the thing']);
  });

  it('is kept for its other targets, as the command says before and after', async () => {
    const { run, done } = aRegistry([foreign, group]);
    const left = `keep policy ${policy}, which is attached to certificate bbbbbbbbbbbb…, thinggroup/line-1`;

    expect(await run(true)).toContain(`would ${left}`);
    expect(await run()).toContain(left);
    expect(done).toEqual(['deleted the thing']);
  });

  it('is kept, as the command says, if somebody attached it elsewhere meanwhile', async () => {
    const { run } = aRegistry([], [group]);

    expect(await run()).toContain(`keep policy ${policy}, which is attached to thinggroup/line-1`);
  });
});
