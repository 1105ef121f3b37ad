import {
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { orNothing } from '../../../shared/errors';
import type { PresentBucket } from '../as-deployed/present';

/** S3 has an error of its own for each missing part. */
const orNone = <T>(name: string, read: () => Promise<T>) =>
  orNothing(read, (error) => error instanceof Error && error.name === name);

export function connectBuckets(settings: object) {
  const s3 = new S3Client(settings);
  return (Bucket: string): Promise<PresentBucket | undefined> =>
    orNone('NoSuchBucket', async () => {
      const [encryption, access, policy] = await Promise.all([
        orNone('ServerSideEncryptionConfigurationNotFoundError', () =>
          s3.send(new GetBucketEncryptionCommand({ Bucket })),
        ),
        orNone('NoSuchPublicAccessBlockConfiguration', () =>
          s3.send(new GetPublicAccessBlockCommand({ Bucket })),
        ),
        orNone('NoSuchBucketPolicy', () => s3.send(new GetBucketPolicyCommand({ Bucket }))),
      ]);
      const [rule] = encryption?.ServerSideEncryptionConfiguration?.Rules ?? [];
      const algorithm = rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
      return {
        ...(algorithm && { encryption: algorithm }),
        publicAccessBlock: { ...access?.PublicAccessBlockConfiguration },
        policy: JSON.parse(policy?.Policy || '{}') as unknown,
      };
    });
}
