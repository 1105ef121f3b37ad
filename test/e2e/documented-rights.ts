import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyDocument } from '../../local/types';
import { type EndToEnd, root } from './harness';

/** Rights that the doctor uses only if Device Defender detects. */
export const ofDeviceDefender = [
  ...['iot:DescribeCustomMetric', 'iot:DescribeMitigationAction', 'iot:DescribeSecurityProfile'],
  ...['iot:ListCustomMetrics', 'iot:ListSecurityProfilesForTarget', 'iot:ListTargetsForSecurityProfile'],
];

/** Somebody with the rights of one page of docs/iam, and no other. */
export interface DocumentedCaller {
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Actions that the page grants. */
  readonly granted: readonly string[];
  /** Actions that were used so far. */
  used(): readonly string[];
}

/** Registers a caller with the gateway, which enforces the policies of `docs/iam/NAME.json` from then on. */
export async function registerDocumented(
  e2e: EndToEnd,
  name: string,
  ...beside: readonly string[]
): Promise<DocumentedCaller> {
  return registerUser(e2e, name, [name, ...beside]);
}

/** The same under another name, for several people with the same rights. */
export async function registerUser(
  { stack }: EndToEnd,
  name: string,
  pages: readonly string[],
): Promise<DocumentedCaller> {
  const { accountId, region } = stack.identity;
  const { gateway } = stack.aws;
  const documents = await Promise.all(
    pages.map(async (page): Promise<PolicyDocument> => {
      const text = await readFile(join(root, 'docs', 'iam', `${page}.json`), 'utf8');
      return JSON.parse(
        text.replaceAll('REGION', region).replaceAll('ACCOUNT', accountId).replaceAll('STAGE', 'dev'),
      );
    }),
  );
  const accessKeyId = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`;
  const arn = `arn:aws:iam::${accountId}:user/${name}`;
  // The gateway enforces the rights of callers with a name of this kind only.
  gateway.registerCaller(accessKeyId, {
    caller: { accessKeyId, arn, functionName: name },
    documents,
  });
  const granted = documents.flatMap(({ Statement }) => Statement).flatMap(({ Action = [] }) => Action);
  return {
    credentials: { accessKeyId, secretAccessKey: 'x'.repeat(40) },
    granted: [...new Set(granted)].toSorted(),
    used: () =>
      [
        ...new Set(
          gateway.calls
            .counts()
            .filter(({ caller }) => caller === name)
            .map(({ action }) => action),
        ),
      ].toSorted(),
  };
}
