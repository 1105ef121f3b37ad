import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnrollOptions, enroll } from '../../../cli/enroll/enroll';
import { createKey } from '../../../cli/enroll/key';
import type { DeviceRegistry } from '../../../cli/enroll/registry';
import { retire } from '../../../cli/enroll/retire';
import { createCertificateAuthority } from '../../../local/aws/mqtt/certificates';
import { aConfiguration } from '../../builders';

const ca = await createCertificateAuthority();
const { certificatePem, privateKeyPem } = await ca.issueDeviceCertificate({ commonName: 'mything1' });
const certificateId = createHash('sha256').update(new X509Certificate(certificatePem).raw).digest('hex');
const anotherKey = await createKey();
const arn = 'arn:aws:iot:eu-west-1:123456789012';
const certificateArn = `${arn}:cert/${certificateId}`;

/** An account that is empty and accepts every call. */
const empty: Partial<DeviceRegistry> = {
  findThing: async () => undefined,
  listPrincipals: async () => [],
  findPolicy: async () => undefined,
  createThing: async () => `${arn}:thing/mything1`,
  ensurePolicy: async () => {},
  createCertificate: async () => certificatePem,
  findCertificate: async () => ({ certificateArn, status: 'ACTIVE' }),
  listThingsOfPrincipal: async () => [],
  attachPolicy: async () => {},
  attachThing: async () => ({ isExclusive: true }),
  readEndpoint: async () => 'data.example.com',
};
const ports = (registry: Partial<DeviceRegistry>) => ({
  ...{ stage: 'dev', isLocal: false, cases: { load: async () => undefined } },
  registry: { ...empty, ...registry } as DeviceRegistry,
});

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cordon-enroll-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const enrollIn = (folder: string, registry: Partial<DeviceRegistry>, { rotate = false } = {}) => {
  const options: EnrollOptions = { folder, scope: 'fleet', topics: [], rotate, rootCa: 'roots' };
  return enroll('mything1', options, aConfiguration(), ports(registry));
};

describe('the folder of a device', () => {
  const refusals: readonly (readonly [string, Partial<DeviceRegistry>, RegExp])[] = [
    [
      'the thing has a certificate',
      { findThing: async () => `${arn}:thing/mything1`, listPrincipals: async () => [certificateArn] },
      /already has a certificate/,
    ],
    [
      'the policy has another document',
      {
        findPolicy: async () => ({
          policyArn: `${arn}:policy/p`,
          policyDocument: '{"Version":"2012-10-17","Statement":[]}',
        }),
      },
      /exists with another document/,
    ],
    [
      'AWS IoT creates no thing',
      { createThing: async () => Promise.reject(new Error('denied')) },
      /^denied$/,
    ],
  ];

  it.each(refusals)('is not left behind empty, nor its parents, if %s', async (_, registry, message) => {
    await expect(enrollIn(join(home, 'things', 'mything1'), registry)).rejects.toThrow(message);
    expect(await readdir(home)).toEqual([]);
  });

  it.each(refusals)('stays as it was if %s', async (_, registry, message) => {
    await mkdir(join(home, 'mine'));
    await expect(enrollIn(join(home, 'mine'), registry)).rejects.toThrow(message);
    expect(await readdir(home)).toEqual(['mine']);
  });

  it('keeps the key of an enrollment that was interrupted', async () => {
    const createCertificate = async () => Promise.reject(new Error('denied'));
    await expect(enrollIn(join(home, 'things', 'mything1'), { createCertificate })).rejects.toThrow('denied');
    expect(await readdir(join(home, 'things', 'mything1'))).toEqual(['private.key']);
  });

  describe('with a certificate but no configuration', () => {
    const mine = join('things', 'mine');
    const fill = async (files: Readonly<Record<string, string>>) => {
      await mkdir(join(home, mine), { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(home, mine, name), text);
    };
    const changed: string[] = [];
    const note =
      <T>(name: string, result: T) =>
      async () => {
        changed.push(name);
        return result;
      };
    const noted: Partial<DeviceRegistry> = {
      createThing: note('createThing', `${arn}:thing/mything1`),
      ensurePolicy: note('ensurePolicy', undefined),
      attachPolicy: note('attachPolicy', undefined),
      createCertificate: note('createCertificate', certificatePem),
      setStatus: note('setStatus', undefined),
    };
    beforeEach(() => {
      changed.length = 0;
    });

    it.each<readonly [string, Readonly<Record<string, string>>, Partial<DeviceRegistry>, RegExp]>([
      [
        'is of another thing',
        { 'certificate.pem': certificatePem, 'private.key': privateKeyPem },
        { listThingsOfPrincipal: async () => ['other'] },
        /is already attached to other: give another --out to create one for mything1$/,
      ],
      [
        'is not in the account',
        { 'certificate.pem': certificatePem, 'private.key': privateKeyPem },
        { findCertificate: async () => undefined },
        /is not registered in this account/,
      ],
      ['has no key', { 'certificate.pem': certificatePem }, {}, /has a certificate but no /],
      [
        'has another key',
        { 'certificate.pem': certificatePem, 'private.key': anotherKey },
        {},
        /does not match the key of /,
      ],
      ['has a broken key', { 'private.key': 'none' }, {}, /is not an EC P-256 key/],
    ])('that %s: nothing is created or changed', async (_, files, registry, message) => {
      await fill(files);

      await expect(enrollIn(join(home, mine), { ...noted, ...registry })).rejects.toThrow(message);

      expect(changed).toEqual([]);
    });
  });

  it('has one key and its certificate after two enrollments at once, and AWS IoT keeps no other', async () => {
    const folder = join(home, 'things', 'mything1');
    const certificates = new Map<string, string>();
    const idOf = (pem: string) => createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
    const attached = new Set<string>();
    // Both have looked for a key before either writes one, and both for a certificate.
    const waiting: (() => void)[] = [];
    const meet = () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 2) for (const go of waiting.splice(0)) go();
      });
    const registry: Partial<DeviceRegistry> = {
      findPolicy: async () => {
        await meet();
        return undefined;
      },
      createCertificate: async (csr) => {
        const pem = await ca.signRequest(csr);
        certificates.set(idOf(pem), pem);
        await meet();
        return pem;
      },
      deleteCertificate: async (id) => void certificates.delete(id),
      findCertificate: async (id) => ({ certificateArn: `${arn}:cert/${id}`, status: 'ACTIVE' }),
      attachThing: async (_, certificate) => {
        attached.add(certificate);
        return { isExclusive: true };
      },
    };

    await Promise.all([enrollIn(folder, registry), enrollIn(folder, registry)]);

    const there = new X509Certificate(await readFile(join(folder, 'certificate.pem'), 'utf8'));
    expect(there.checkPrivateKey(createPrivateKey(await readFile(join(folder, 'private.key'), 'utf8')))).toBe(
      true,
    );
    expect([...certificates.keys()]).toEqual([idOf(there.toString())]);
    expect([...attached]).toEqual([`${arn}:cert/${idOf(there.toString())}`]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is not certified again by --rotate, which says what it needs for that', async () => {
    const folder = join(home, 'things', 'mything1');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'certificate.pem'), certificatePem);
    await writeFile(join(folder, 'config.yml'), 'endpoint: data.example.com');
    const registry = {
      findThing: async () => `${arn}:thing/mything1`,
      listPrincipals: async () => [certificateArn],
    };
    const again = ' For another certificate, give a new folder with --out.';

    expect(await enrollIn(folder, registry, { rotate: true })).toContain(again);
    expect(await enrollIn(folder, registry)).not.toContain(again);
  });

  it('is found not to be writable before anything is created', async () => {
    const createThing = async () => Promise.reject(new Error('created'));
    await expect(enrollIn(join('/dev/null', 'mything1'), { createThing })).rejects.toThrow(
      /^\/dev\/null\/mything1 can't be created/,
    );
  });

  it('is not created by a retirement that is to keep its certificate', async () => {
    const keep = join(home, 'none');
    const findThing = async () => `${arn}:thing/mything1`;
    const retirement = retire(
      'mything1',
      { dryRun: false, force: false, keep },
      ports({ findThing, findTargets: async () => undefined }),
    );
    await expect(retirement).rejects.toThrow('has no certificate to keep');
    expect(existsSync(keep)).toBe(false);
  });
});
