import { nameQuarantinePolicy } from '../config/quarantine-policy';
import type { Configuration } from '../domain/configuration';
import type { GroupReader } from './adoption';
import { isNamed } from './own-resource';

export interface MoveReader extends Pick<GroupReader, 'listOwn' | 'hasMembers'> {
  /** ARNs of the targets of the policy; none if the account has no such policy. */
  readonly listTargets: (policyName: string) => Promise<readonly string[]>;
}

/**
 * Why a deploy can't give up the quarantine group or policy that the stack has: something is held by it. The stack would
 * refuse that too (functions/provision/deletion-guard.ts), but in the middle of the deploy.
 */
export async function judgeMove(
  quarantine: Configuration['quarantine'],
  prefix: string,
  reader: MoveReader,
): Promise<readonly string[]> {
  const own = await reader.listOwn();
  const attachment = own.find(({ type }) => type === 'Custom::QuarantineAttachment');
  const attached = /^([^/]+:thinggroup\/([^/]+))\/(.+)$/.exec(attachment?.physicalId ?? '');
  if (!attached) return [];
  const [, groupArn = '', group = '', policy = ''] = attached;
  const wanted = { type: 'AWS::IoT::Policy', property: 'PolicyName', name: policy };
  const isOwn = own.some((one) => isNamed(one, wanted));
  // An adopted policy continues to deny without the stack.
  if (!isOwn) return [];
  if (group !== quarantine.thingGroup && (await reader.hasMembers(group)))
    return [
      `things are still in thing group ${group}, which this deploy gives up: release them, or take them out of it, before quarantine.thingGroup changes`,
    ];
  if (policy === nameQuarantinePolicy(prefix, quarantine)) return [];
  const targets = (await reader.listTargets(policy)).filter((target) => target !== groupArn);
  return targets.length === 0
    ? []
    : [
        `policy ${policy}, which this deploy gives up, still denies ${targets.join(', ')}: release what is held by it before quarantine.policy changes`,
      ];
}
