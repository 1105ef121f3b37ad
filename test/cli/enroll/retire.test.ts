import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
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

  it('are deleted by the next run if the first one ended while it waited for AWS IoT', async () => {
    const certificateArn = `${prefix}:cert/${certificateId}`;
    const mark = /-retiring@/;
    let held = [certificateArn];
    let marked: string[] = [];
    let isDeleted = false;
    const registry = {
      findThing: async () => `${prefix}:thing/mything1`,
      listPrincipals: async () => held,
      listThingsOfPrincipal: async () => held.map(() => 'mything1'),
      listPolicies: async () => [],
      findTargets: async (name: string) => (mark.test(name) ? marked : undefined),
      setStatus: async () => {},
      ensurePolicy: async () => {},
      attachPolicy: async () => {
        marked = [certificateArn];
      },
      detachThing: async () => {
        held = [];
      },
      cutSession: async () => true,
      deleteCertificate: async () => {
        if (isDeleted) throw new Error('deleted twice');
        isDeleted = true;
        marked = [];
      },
      deleteUnusedPolicy: async () => true,
      deleteThing: jest
        .fn<() => Promise<void>>()
        .mockRejectedValueOnce(new Error('killed'))
        .mockResolvedValue(undefined),
    } as unknown as DeviceRegistry;
    const ports = { stage: 'dev', isLocal: false, registry, cases: { load: async () => undefined } };
    const options = { dryRun: false, force: false, files: folder };

    await expect(retire('mything1', options, ports)).rejects.toThrow('killed');
    expect(await retire('mything1', options, ports)).toContain('mything1 is retired.');

    expect(existsSync(folder)).toBe(false);
  });

  it('do not stop a retirement that cannot delete them, which says so last', async () => {
    await rm(join(folder, 'private.key'));
    await mkdir(join(folder, 'private.key', 'mine'), { recursive: true });
    const { run, done } = aRegistry([], [], `${prefix}:cert/${certificateId}`);

    await expect(run(false, folder)).rejects.toThrow(`the files in ${folder} can't be deleted`);

    expect(done).toContain('deleted the thing');
  });

  it('stay, as the command says, if nobody can tell whose they are', async () => {
    await writeFile(join(folder, 'certificate.pem'), '');
    const { run, done } = aRegistry([]);

    expect(await run(false, folder)).toContain(
      `keep the files in ${folder}, whose certificate.pem is unreadable: delete them if they are of mything1`,
    );

    expect(done).toContain('deleted the thing');
    expect(existsSync(join(folder, 'private.key'))).toBe(true);
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

it('a thing is retired although its name leaves no room for a policy of its own', async () => {
  const name = 'x'.repeat(128);
  const asked: string[] = [];
  const note = async (policyName: string) => {
    asked.push(policyName);
    return undefined;
  };
  const registry = {
    findThing: async () => `${prefix}:thing/${name}`,
    listPrincipals: async () => [],
    findTargets: note,
    deleteUnusedPolicy: note,
    cutSession: async () => true,
    deleteThing: async () => {},
  } as unknown as DeviceRegistry;
  const ports = { stage: 'dev', isLocal: false, registry, cases: { load: async () => undefined } };

  expect(await retire(name, { dryRun: false, force: false }, ports)).toContain(`delete thing ${name}`);
  // AWS IoT refuses to look for a policy of a longer name.
  expect(asked.filter((policyName) => policyName.length > 128)).toEqual([]);
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
