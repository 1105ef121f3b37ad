import type { TopicRuleAction } from '../iot/state';
import { SqlParseException } from './rule-tokens';

/** An action of a topic rule that this emulation can run. */
export type RuleAction =
  | { readonly type: 'sqs'; readonly queueUrl: string; readonly roleArn: string; readonly useBase64: boolean }
  | {
      readonly type: 'sns';
      readonly targetArn: string;
      readonly roleArn: string;
      readonly messageFormat: 'RAW' | 'JSON';
    }
  | { readonly type: 'republish'; readonly topic: string; readonly qos: 0 | 1; readonly roleArn: string };

/** Throws SqlParseException for an action that it cannot run. */
export function parseAction(action: TopicRuleAction): RuleAction {
  const [entry, ...others] = Object.entries(action);
  if (!entry || others.length > 0) throw new SqlParseException('An action has exactly one key');
  const [type, fields] = entry;
  const read = (key: string): string => readText(fields, key, type);
  switch (type) {
    case 'sqs':
      return {
        type,
        queueUrl: read('queueUrl'),
        roleArn: read('roleArn'),
        useBase64: fields.useBase64 === true,
      };
    case 'sns': {
      const messageFormat = fields.messageFormat === 'JSON' ? 'JSON' : 'RAW';
      return { type, targetArn: read('targetArn'), roleArn: read('roleArn'), messageFormat };
    }
    case 'republish': {
      // A reserved topic is written `$$aws/...`, because one $ begins a substitution template.
      const topic = read('topic').replace(/^\$\$/, '$');
      return { type, topic, qos: fields.qos === 1 ? 1 : 0, roleArn: read('roleArn') };
    }
    default:
      throw new SqlParseException(`Rule action ${type} is not emulated; known are sqs, sns, republish`);
  }
}

function readText(fields: Readonly<Record<string, unknown>>, key: string, type: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value === '')
    throw new SqlParseException(`Rule action ${type} needs ${key}`);
  if (value.includes('${')) {
    throw new SqlParseException(
      `Rule action ${type} uses a substitution template in ${key}, which is not emulated`,
    );
  }
  return value;
}

/** How the report to an error action names what failed. */
export function nameFailed(action: RuleAction): {
  readonly failedAction: string;
  readonly failedResource: string;
} {
  switch (action.type) {
    case 'sqs':
      return { failedAction: 'SqsAction', failedResource: action.queueUrl };
    case 'sns':
      return { failedAction: 'SnsAction', failedResource: action.targetArn };
    case 'republish':
      return { failedAction: 'RepublishAction', failedResource: action.topic };
  }
}
