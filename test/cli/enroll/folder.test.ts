import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnrollOptions, enroll } from '../../../cli/enroll/enroll';
import type { DeviceRegistry } from '../../../cli/enroll/registry';
import { retire } from '../../../cli/enroll/retire';
import { createCertificateAuthority } from '../../../local/aws/mqtt/certificates';
import { aConfiguration } from '../../builders';

const ca = await createCertificateAuthority();
const { certificatePem } = await ca.issueDeviceCertificate({ commonName: 'mything1' });
const certificateId = createHash('sha256').update(new X509Certificate(certificatePem).raw).digest('hex');
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

const enrollIn = (folder: string, registry: Partial<DeviceRegistry>) => {
  const options: EnrollOptions = { folder, scope: 'fleet', topics: [], rotate: false, rootCa: 'roots' };
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
