import {
  CreateTopicCommand,
  PublishBatchCommand,
  type PublishBatchRequestEntry,
  PublishCommand,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { failureOf, operatorClients, startTestStack, type TestStack } from '../gateway/local-aws';

let stack: TestStack;
let sns: SNSClient;
let sqs: SQSClient;
let topics = 0;
beforeAll(async () => {
  stack = await startTestStack();
  ({ sns, sqs } = operatorClients(stack));
});
afterAll(() => stack.close());

async function aTopic(): Promise<string> {
  topics += 1;
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: `topic-${topics}` }));
  return `${TopicArn}`;
}

async function subscribe(
  topicArn: string,
  subscription: { protocol?: string; endpoint?: string; attributes?: Record<string, string> } = {},
): Promise<string> {
  const { protocol = 'email', endpoint = 'soc@example.com', attributes } = subscription;
  const { SubscriptionArn } = await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: protocol,
      Endpoint: endpoint,
      Attributes: attributes,
    }),
  );
  return `${SubscriptionArn}`;
}

async function subscribeQueue(topicArn: string, attributes?: Record<string, string>): Promise<string> {
  const name = topicArn.split(':').at(-1);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${name}` }));
  const endpoint = `arn:aws:sqs:eu-west-1:000000000000:${name}`;
  await subscribe(topicArn, { protocol: 'sqs', endpoint, ...(attributes && { attributes }) });
  return `${QueueUrl}`;
}

async function receive(QueueUrl: string) {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  return Messages.map(({ Body }) => `${Body}`);
}

const mailsOf = (topicArn: string) => stack.mails().filter((mail) => mail.topicArn === topicArn);
const attribute = (value: string) => ({ DataType: 'String', StringValue: value });

describe('the e-mail of a topic', () => {
  it('goes to each address with subject and message', async () => {
    const topicArn = await aTopic();
    await subscribe(topicArn, { endpoint: 'a@example.com' });
    await subscribe(topicArn, { endpoint: 'b@example.com' });

    await sns.send(
      new PublishCommand({ TopicArn: topicArn, Subject: 'mything1 contained', Message: 'text' }),
    );
    await sns.send(new PublishCommand({ TargetArn: topicArn, Message: 'no subject' }));

    const mail = { topicArn, at: expect.any(Number) };
    expect(mailsOf(topicArn)).toEqual([
      { ...mail, to: 'a@example.com', subject: 'mything1 contained', body: 'text' },
      { ...mail, to: 'b@example.com', subject: 'mything1 contained', body: 'text' },
      { ...mail, to: 'a@example.com', subject: 'AWS Notification Message', body: 'no subject' },
      { ...mail, to: 'b@example.com', subject: 'AWS Notification Message', body: 'no subject' },
    ]);
  });

  it('has the text of its protocol with MessageStructure json, and the default text if there is none', async () => {
    const topicArn = await aTopic();
    await subscribe(topicArn);
    const queueUrl = await subscribeQueue(topicArn, { RawMessageDelivery: 'true' });
    const publish = (message: object) =>
      sns.send(
        new PublishCommand({
          TopicArn: topicArn,
          MessageStructure: 'json',
          Message: JSON.stringify(message),
        }),
      );

    await publish({ default: 'd', email: 'for people', sqs: '{"for":"machines"}' });
    await publish({ default: 'for all' });

    expect(mailsOf(topicArn).map(({ body }) => body)).toEqual(['for people', 'for all']);
    expect([...(await receive(queueUrl)), ...(await receive(queueUrl))]).toEqual([
      '{"for":"machines"}',
      'for all',
    ]);
  });

  it.each([
    ['{"email":"x"}', 'Invalid parameter: Message Structure - No default entry in JSON message body'],
    ['not json', 'Invalid parameter: Message Structure - JSON message body failed to parse'],
  ])('refuses the structured message %s as SNS does', async (Message, message) => {
    const command = new PublishCommand({ TopicArn: await aTopic(), MessageStructure: 'json', Message });

    expect(await failureOf(sns.send(command))).toEqual({
      name: 'InvalidParameterException',
      message,
      status: 400,
    });
  });

  it.each(['', 'two\nlines', 'x'.repeat(100), ' starts with a space'])(
    'refuses the subject %j',
    async (Subject) => {
      const command = new PublishCommand({ TopicArn: await aTopic(), Message: 'x', Subject });

      expect(await failureOf(sns.send(command))).toMatchObject({ name: 'InvalidParameterException' });
    },
  );

  it('is filtered by attributes or by body, as for queues', async () => {
    const topicArn = await aTopic();
    const byAttributes = { FilterPolicy: '{"severity":["critical"],"status":[{"anything-but":"closed"}]}' };
    const byBody = {
      FilterPolicy: '{"case":{"count":[{"numeric":[">",1]}]}}',
      FilterPolicyScope: 'MessageBody',
    };
    await subscribe(topicArn, { endpoint: 'attributes@example.com', attributes: byAttributes });
    await subscribe(topicArn, { endpoint: 'body@example.com', attributes: byBody });
    const queueUrl = await subscribeQueue(topicArn, { ...byAttributes, RawMessageDelivery: 'true' });
    const publish = (severity: string, status: string, message: string) =>
      sns.send(
        new PublishCommand({
          TopicArn: topicArn,
          Message: message,
          MessageAttributes: { severity: attribute(severity), status: attribute(status) },
        }),
      );

    await publish('critical', 'contained', 'wanted by attributes');
    await publish('critical', 'closed', 'wanted by none');
    await publish('low', 'contained', '{"case":{"count":2}}');
    await publish('low', 'contained', '{"case":{"count":1}}');

    expect(mailsOf(topicArn).map(({ to, body }) => [to, body])).toEqual([
      ['attributes@example.com', 'wanted by attributes'],
      ['body@example.com', '{"case":{"count":2}}'],
    ]);
    expect(await receive(queueUrl)).toEqual(['wanted by attributes']);
  });

  it('is sent for each entry of a batch, and for none of a batch that is refused', async () => {
    const topicArn = await aTopic();
    await subscribe(topicArn, { protocol: 'email-json' });
    const publish = (...PublishBatchRequestEntries: PublishBatchRequestEntry[]) =>
      sns.send(new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries }));

    const first = { Id: 'first', Message: 'small', Subject: 'Subject' };
    await expect(publish(first, { Id: 'long', Message: 'x'.repeat(300_000) })).rejects.toThrow('longer');
    await publish(first, { Id: 'second', Message: 'other' });

    const message = {
      ...{ Type: 'Notification', MessageId: expect.any(String), TopicArn: topicArn },
      Timestamp: expect.any(String),
    };
    expect(mailsOf(topicArn).map(({ body }) => JSON.parse(body))).toEqual([
      { ...message, Subject: 'Subject', Message: 'small' },
      { ...message, Message: 'other' },
    ]);
  });

  it('ends with the subscription', async () => {
    const topicArn = await aTopic();
    const subscriptionArn = await subscribe(topicArn);

    await sns.send(new UnsubscribeCommand({ SubscriptionArn: subscriptionArn }));
    await sns.send(new PublishCommand({ TopicArn: topicArn, Message: 'x' }));

    expect(mailsOf(topicArn)).toEqual([]);
  });
});
