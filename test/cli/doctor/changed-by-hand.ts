import type { PresentResources } from '../../../cli/doctor/as-deployed/present';
import { checkAsDeployed } from '../../../cli/doctor/checks/as-deployed';
import { bucket, healthy, template as whole } from './deployed-stack';

/** The template without its dead-letter queue: these tests change one queue only. */
export const template = {
  ...whole,
  physicalIds: new Map([...whole.physicalIds].filter(([id]) => id !== 'Dead')),
};

export const role = await healthy.readRole('');

export const alarm = await healthy.readAlarm('');
export const schedule = await healthy.readEventRule('');

export const look = (changes: Partial<PresentResources>) =>
  checkAsDeployed(async () => template, { ...healthy, ...changes }).run();

/** A deployment bucket that may be opened, and one that somebody else may write to. */
export const openedBucket = {
  readBucket: async () => ({
    ...bucket,
    publicAccessBlock: { ...bucket.publicAccessBlock, BlockPublicPolicy: false },
  }),
};
export const sharedBucket = {
  readBucket: async () => ({
    ...bucket,
    policy: {
      Statement: [
        ...(bucket.policy as { Statement: object[] }).Statement,
        { Effect: 'Allow', Principal: { AWS: 'arn:thief' }, Action: 's3:PutObject', Resource: '*' },
      ],
    },
  }),
};

/** The doctor finds only this problem, and says why it is one and how to fix it. */
export async function findsOnly(_: string, changes: Partial<PresentResources>, what: string): Promise<void> {
  const found = await look(changes);

  expect(found.map(({ level }) => level)).toEqual(['problem']);
  expect(found[0]?.what).toContain(what);
  expect(found[0]?.why).toBeDefined();
  expect(found[0]?.mend).toMatch(/^(docs\/changed-by-hand\.md$|aws )/);
}
