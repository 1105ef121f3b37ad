import type { Outcome } from '../domain/steps';
import type { MitigationContext } from './action';

/** A topic that no device needs and no kept topic covers. */
const testTopic = (thingName: string) => `cordon-denial-test/${thingName}`;

/** Whether an application publish with each certificate, under each known client id, is explicitly denied. */
export async function testDenial(
  principals: readonly string[],
  { thingName, clientIds, things }: MitigationContext,
): Promise<Outcome> {
  if (principals.length === 0)
    return { result: 'not-so', detail: 'no certificate is attached to the thing, so no denial can be shown' };
  for (const principal of principals) {
    for (const clientId of clientIds) {
      const decision = await things.testPublish(principal, clientId, testTopic(thingName));
      if (decision !== 'EXPLICIT_DENY')
        return {
          result: 'not-so',
          detail: `a publish by client ${clientId} with ${nameCertificate(principal)} would get ${decision}`,
        };
    }
  }
  return {
    result: 'done',
    detail: `publish is explicitly denied for ${principals.map(nameCertificate).join(', ')}`,
  };
}

/** `certificate 1a2b3c4d`: enough to find it, short enough to read. */
export function nameCertificate(arnOrId: string): string {
  return `certificate ${arnOrId.slice(arnOrId.lastIndexOf('/') + 1).slice(0, 8)}`;
}
