import * as z from 'zod/mini';
import { isObject } from '../json';

/**
 * What the error action of a topic rule delivers instead of the rule's own selection (AWS IoT developer guide, "Error
 * handling (error action)"). It does not name the certificate that published, so its content may come from anybody.
 */
export interface RuleFailure {
  readonly topic: string;
  readonly clientId: string;
  /** As it was published, base64. */
  readonly payload: string;
}

/** How the reporter of such a message is named: no certificate has this id. */
export const unknownPrincipal = 'n/a';

/** AWS IoT accepts 128 KB (AWS IoT Core quotas); base64 makes four of each three bytes. */
const maxPayload = Math.ceil((128 * 1_024) / 3) * 4;

const envelope = z.object({
  ruleName: z.string(),
  topic: z.string().check(z.minLength(1), z.maxLength(1_024)),
  clientId: z._default(z.string().check(z.maxLength(1_024)), unknownPrincipal),
  base64OriginalPayload: z.string().check(z.maxLength(maxPayload)),
  failures: z.array(z.unknown()),
});

/** Reads the envelope; undefined if the message is none. */
export function readRuleFailure(message: unknown): RuleFailure | undefined {
  if (!isObject(message) || !('base64OriginalPayload' in message)) return undefined;
  const { success, data } = envelope.safeParse(message);
  return success
    ? { topic: data.topic, clientId: data.clientId, payload: data.base64OriginalPayload }
    : undefined;
}

export function decodeRuleFailure({ payload }: RuleFailure): string {
  return Buffer.from(payload, 'base64').toString('utf8');
}

/** `cordon/things/THING/reports/FORMAT`, also as Basic Ingest has it. */
export function readReportTopic(topic: string): { thingName: string; format: string } | undefined {
  const found = /^(?:\$aws\/rules\/\w+\/)?cordon\/things\/([^/]+)\/reports\/([^/]+)$/.exec(topic);
  return found ? { thingName: found[1] ?? '', format: found[2] ?? '' } : undefined;
}
