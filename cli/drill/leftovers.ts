import { hostname } from 'node:os';
import { isRunning } from '../../proof/is-running';
import { isOpen } from '../../shared/domain/case/case';
import { deviceNoticeTopic } from '../../shared/domain/messages/device-notice';
import { thingKey } from '../../shared/domain/thing-ref';
import { act } from '../cases/act';
import { describeError } from '../describe-error';
import { type EnrollTarget, policyNameOf } from '../enroll/enroll';
import { retire } from '../enroll/retire';
import type { Target } from '../target';
import { type DrillAccount, drillAttribute, type LeftThing } from './account';

/** Who plays a drill, as the three attributes that a thing without a type may have. */
export function describeOwner(stage: string, now: number): Record<string, string> {
  return {
    [drillAttribute]: stage,
    cordonDrillBy: `${thisHost()}:${process.pid}`,
    cordonDrillBegan: String(now),
  };
}

/** AWS IoT accepts only letters, digits and a few signs in an attribute. */
function thisHost(): string {
  return (
    hostname()
      .replace(/[^\w.-]/g, '-')
      .slice(0, 100) || 'unknown'
  );
}

/** The longest drill: an alarm of Device Defender, and twice the time in which policies spread. */
const longestMs = 3_600_000;

/** Whether a drill's thing was left behind: the process has ended, or its time is long over. */
export function isLeft(
  { attributes: { cordonDrillBy = '', cordonDrillBegan = '0' } }: LeftThing,
  now: number,
): boolean {
  const [host, pid] = cordonDrillBy.split(':');
  if (host === thisHost() && !isRunning(Number(pid))) return true;
  return now - Number(cordonDrillBegan) > longestMs;
}

/** The policy with the rights that only a drill needs. */
export function drillPolicyName(stage: string, thingName: string): string {
  return `${policyNameOf(stage, 'thing', thingName)}-drill`;
}

/** Topics on which a drill, or Cordon for its thing, retains a message. */
export function retainedTopics(thingName: string): string[] {
  return [`cordon-drill/${thingName}/retained`, deviceNoticeTopic(thingName)];
}

export type CleanTarget = EnrollTarget &
  Pick<Target, 'cases' | 'refusals' | 'openCommands'> & { readonly account: DrillAccount };

/**
 * Closes the case of a drill's thing and deletes everything that the drill made. If one part fails, the others are
 * still tried.
 */
export async function clean(thingName: string, target: CleanTarget, folder?: string): Promise<string[]> {
  const faults: string[] = [];
  const attempt = async (what: string, run: () => Promise<unknown>) => {
    try {
      await run();
    } catch (error) {
      faults.push(`${what}: ${describeError(error)}`);
    }
  };
  await attempt('its case', () => endCase(thingName, target));
  await attempt('its thing, certificate and policy', async () => {
    // An interrupted drill may have made nothing yet.
    if ((await target.registry.findThing(thingName)) === undefined) return;
    await retire(thingName, { dryRun: false, force: true, ...(folder && { files: folder }) }, target);
  });
  await attempt('its second policy', () =>
    target.registry.deleteUnusedPolicy(drillPolicyName(target.stage, thingName)),
  );
  for (const topic of retainedTopics(thingName))
    await attempt(`the retained message of ${topic}`, () => target.account.retain(topic, ''));
  return faults;
}

async function endCase(thingName: string, target: CleanTarget): Promise<void> {
  const open = (await target.cases.load(thingKey(thingName)))?.value;
  if (!isOpen(open)) return;
  const name =
    open.ledger.length > 0 ? 'release' : open.status === 'awaiting-approval' ? 'reject' : 'dismiss';
  await act(name, thingName, { comment: 'end of the drill', force: true, waitSeconds: 60 }, target);
}
