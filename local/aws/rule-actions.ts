import { setTimeout as delay } from 'node:timers/promises';
import type { ApiRequest, ApiResponse } from '../types';
import type { Gateway } from './gateway/gateway';
import type { RuleAction } from './mqtt/rule-action';
import type { PerformRuleAction } from './mqtt/rules';
import type { RoleBook } from './role-credentials';
import { parseJsonObject } from './wire/json';

type Call = Pick<ApiRequest, 'service' | 'headers' | 'body'>;

/** The AWS SDK makes as many attempts; the stack assumes that AWS IoT does too. */
const attempts = 3;
const pauseMs = 100;

/** The queue or topic, or the role, refused. */
class RuleActionError extends Error {
  override readonly name = 'RuleActionError';
}

/**
 * Performs the SQS and SNS actions of topic rules under the role that the action names, which the gateway enforces. It
 * is called inside this process: through an AWS client and its socket one device's flood held up every other call.
 */
export function createRuleActions(gateway: () => Gateway, roles: RoleBook): PerformRuleAction {
  const keys = new Map<string, string>();

  function keyOf({ roleArn }: RuleAction, ruleName: string): string {
    const name = `${roleArn}#${ruleName}`;
    const known = keys.get(name);
    if (known !== undefined) return known;
    const { accessKeyId } = roles.issueCredentials(roleArn, 'iot.amazonaws.com', `rule ${ruleName}`);
    keys.set(name, accessKeyId);
    return accessKeyId;
  }

  return async (action, payload, ruleName) => {
    const call = writeCall(action, payload);
    const accessKeyId = keyOf(action, ruleName);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await gateway().call(accessKeyId, call);
      if (answer !== 'drop' && answer.status === 200) return;
      const isRefused = answer !== 'drop' && answer.status < 500 && !isThrottled(answer);
      if (isRefused || attempt === attempts)
        throw new RuleActionError(answer === 'drop' ? 'no answer' : readMessage(answer));
      await delay(pauseMs * 2 ** (attempt - 1));
    }
  };
}

function writeCall(action: RuleAction, payload: Buffer): Call {
  switch (action.type) {
    case 'sqs': {
      const MessageBody = payload.toString(action.useBase64 ? 'base64' : 'utf8');
      return {
        service: 'sqs',
        headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
        body: Buffer.from(JSON.stringify({ QueueUrl: action.queueUrl, MessageBody })),
      };
    }
    case 'sns': {
      const form = new URLSearchParams({
        Action: 'Publish',
        TopicArn: action.targetArn,
        Message: payload.toString('utf8'),
        // The payload is itself a message per protocol (IoT developer guide, "SNS").
        ...(action.messageFormat === 'JSON' && { MessageStructure: 'json' }),
      });
      return {
        service: 'sns',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(form.toString()),
      };
    }
    case 'republish':
      throw new Error('the action republish is performed by the broker');
  }
}

function isThrottled(answer: ApiResponse): boolean {
  return answer.status === 429 || /throttl/i.test(String(answer.body));
}

/** Reads the message of SQS's JSON, or of SNS's XML. */
function readMessage({ status, body = '' }: ApiResponse): string {
  const text = String(body);
  const { message, Message = message } = parseJsonObject(text) ?? {};
  const told = typeof Message === 'string' ? Message : /<Message>([^<]*)</.exec(text)?.[1];
  return told ?? `answered with status ${status}`;
}
