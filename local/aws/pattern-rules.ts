import { createHash } from 'node:crypto';
import type { LocalLog } from '../types';
import type { Gateway } from './gateway/gateway';
import type { PatternRule } from './services/event-bus';

const service = 'events.amazonaws.com';

/** Publishes as EventBridge does for a rule: no role, so that only the topic's own policy lets it. */
export function publishFor(ruleArn: string, gateway: Gateway, log: LocalLog): PatternRule['publish'] {
  const accessKeyId = `ASIA${createHash('sha256').update(ruleArn).digest('hex').slice(0, 16).toUpperCase()}`;
  const caller = { accessKeyId, arn: ruleArn, functionName: service, service };
  gateway.registerCaller(accessKeyId, { caller, documents: [] });
  return async (TopicArn, Message) => {
    const form = new URLSearchParams({ Action: 'Publish', TopicArn, Message });
    const answer = await gateway.call(accessKeyId, {
      service: 'sns',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
    });
    if (answer === 'drop' || answer.status !== 200) log.warn('an event was dropped', { ruleArn, TopicArn });
  };
}
