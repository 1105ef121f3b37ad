import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { PerformRuleAction, RuleAction } from './mqtt/rules';
import type { RoleBook } from './role-credentials';
import type { AwsIdentity } from './types';

/** Performs the SQS and SNS actions of topic rules through the gateway, under the role that the action names. */
export function createRuleActions(
  identity: AwsIdentity,
  endpoint: () => string,
  roles: RoleBook,
): { perform: PerformRuleAction; close(): void } {
  const clients = new Map<string, { sqs: SQSClient; sns: SNSClient }>();

  function clientsOf({ roleArn }: RuleAction, ruleName: string) {
    const key = `${roleArn}#${ruleName}`;
    const known = clients.get(key);
    if (known) return known;
    const credentials = roles.issueCredentials(roleArn, 'iot.amazonaws.com', `rule ${ruleName}`);
    const settings = { endpoint: endpoint(), region: identity.region, credentials };
    const made = { sqs: new SQSClient(settings), sns: new SNSClient(settings) };
    clients.set(key, made);
    return made;
  }

  return {
    async perform(action, payload, ruleName) {
      const { sqs, sns } = clientsOf(action, ruleName);
      if (action.type === 'sqs') {
        const MessageBody = payload.toString(action.useBase64 ? 'base64' : 'utf8');
        await sqs.send(new SendMessageCommand({ QueueUrl: action.queueUrl, MessageBody }));
      } else if (action.type === 'sns') {
        // JSON: the payload is itself a message per protocol (IoT developer guide, "SNS").
        const MessageStructure = action.messageFormat === 'JSON' ? 'json' : undefined;
        const Message = payload.toString('utf8');
        await sns.send(new PublishCommand({ TopicArn: action.targetArn, Message, MessageStructure }));
      } else {
        throw new Error(`the action ${action.type} is performed by the broker`);
      }
    },
    close() {
      for (const { sqs, sns } of clients.values()) {
        sqs.destroy();
        sns.destroy();
      }
    },
  };
}
