import { comparePolicies } from './compare';
import { differ } from './differ';
import { type Differences, gone, type Judge } from './judge';
import type { PresentBucket, PresentResources } from './present';
import { type DeployedResource, unknown } from './template';

export const judgesOfBucket: Readonly<Record<string, Judge>> = {
  'AWS::S3::Bucket': { word: 'deployment bucket', judge: judgeBucket },
};

/** Whoever writes to the bucket decides what the next deploy, or a restored function, runs. */
async function judgeBucket(
  { physicalId, properties }: DeployedResource,
  { readBucket }: PresentResources,
  all: readonly DeployedResource[],
): Promise<Differences> {
  const present = await readBucket(physicalId);
  if (!present) return gone;
  const policy = all.find(
    ({ type, properties: of }) => type === 'AWS::S3::BucketPolicy' && of.Bucket === physicalId,
  );
  return [
    ...judgeEncryption(physicalId, properties, present),
    ...judgePublicAccess(physicalId, present),
    ...(policy ? judgePolicy(physicalId, policy.properties.PolicyDocument, present) : []),
  ];
}

function judgeEncryption(
  name: string,
  { BucketEncryption }: Readonly<Record<string, unknown>>,
  { encryption }: PresentBucket,
): Differences {
  const { ServerSideEncryptionConfiguration: [rule] = [] } = (BucketEncryption ?? {}) as {
    readonly ServerSideEncryptionConfiguration?: readonly {
      readonly ServerSideEncryptionByDefault?: { readonly SSEAlgorithm?: unknown };
    }[];
  };
  const deployed = rule?.ServerSideEncryptionByDefault?.SSEAlgorithm;
  if (deployed === undefined) return [];
  return differ('its encryption', deployed, encryption ?? 'none').map((what) => ({
    what,
    why: 'It has the packages of the functions. With a key that Lambda or the deployer may not use, the next deploy fails.',
    mend: `aws s3api put-bucket-encryption --bucket ${name} --server-side-encryption-configuration '${JSON.stringify({ Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: deployed } }] })}'`,
  }));
}

const blocks = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;

/** S3 blocks public access of each new bucket, so a stack of an earlier version has it too. */
function judgePublicAccess(name: string, { publicAccessBlock }: PresentBucket): Differences {
  const off = blocks.filter((block) => publicAccessBlock[block] !== true);
  if (off.length === 0) return [];
  return [
    {
      what: `it does not block public access: ${off.join(', ')} ${off.length === 1 ? 'is' : 'are'} off`,
      why: 'A policy or an ACL can let anybody read or replace the packages of the functions.',
      mend: `aws s3api put-public-access-block --bucket ${name} --public-access-block-configuration ${blocks.map((block) => `${block}=true`).join(',')}`,
    },
  ];
}

function judgePolicy(name: string, deployed: unknown, { policy }: PresentBucket): Differences {
  const mend = writesWhole(deployed)
    ? `aws s3api put-bucket-policy --bucket ${name} --policy '${JSON.stringify(deployed)}'`
    : undefined;
  return comparePolicies(deployed, policy).map((difference) => {
    const what = `its policy: ${difference}`;
    return mend === undefined
      ? what
      : {
          what,
          why: 'The policy refuses calls without TLS, and gives nobody else a right to the packages of the functions.',
          mend,
        };
  });
}

/** Whether all values of a document are known. */
function writesWhole(value: unknown): boolean {
  if (value === unknown) return false;
  return typeof value !== 'object' || value === null || Object.values(value).every(writesWhole);
}
