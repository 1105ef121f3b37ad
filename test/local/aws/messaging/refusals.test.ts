import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { failureOf, operatorClients, startTestStack, type TestStack } from '../gateway/local-aws';

let stack: TestStack;
let queue: { QueueUrl: string };
let fifo: { QueueUrl: string };
let topic: { TopicArn: string };
beforeAll(async () => {
  stack = await startTestStack();
  const { sqs, sns } = operatorClients(stack);
  const make = async (QueueName: string, Attributes = {}) => {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    return { QueueUrl };
  };
  queue = await make('plain');
  fifo = await make('ordered.fifo', { FifoQueue: 'true' });
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'alerts' }));
  topic = { TopicArn };
});
afterAll(() => stack.close());

const text = (StringValue: string, DataType = 'String') => ({ DataType, StringValue });

/** Attributes that neither SQS nor SNS takes. */
const attributes = {
  'an empty value': { a: text('') },
  'a type that there is not': { a: text('x', 'Text') },
  'a number that is none': { a: text('x', 'Number') },
  'a name with a space': { 'a b': text('x') },
  'a name of AWS': { 'AWS.a': text('x') },
};

describe('SQS refuses as AWS does', () => {
  const long = 'x'.repeat(129);
  const ordered = { MessageGroupId: 'g', MessageDeduplicationId: 'd' };
  it.each<[string, Partial<SendMessageCommandInput>]>([
    ['a group of more than 128 characters', { ...ordered, MessageGroupId: long }],
    ['a group with a space', { ...ordered, MessageGroupId: 'thing 1' }],
    ['a group with a letter beyond ASCII', { ...ordered, MessageGroupId: 'gerät' }],
    ['a deduplication id of more than 128 characters', { ...ordered, MessageDeduplicationId: long }],
    ['an empty deduplication id', { ...ordered, MessageDeduplicationId: '' }],
  ])('a message of a FIFO queue with %s', async (_, message) => {
    const { sqs } = operatorClients(stack);
    const sent = { ...fifo, MessageBody: 'x', ...message };

    expect(await failureOf(sqs.send(new SendMessageCommand(sent)))).toMatchObject({
      name: 'InvalidParameterValue',
      status: 400,
    });
  });

  it.each(Object.entries(attributes))('a message with %s in its attributes', async (_, MessageAttributes) => {
    const { sqs } = operatorClients(stack);
    const sent = { ...queue, MessageBody: 'x', MessageAttributes };

    expect(await failureOf(sqs.send(new SendMessageCommand(sent)))).toMatchObject({
      name: 'InvalidParameterValue',
    });
  });

  it('eleven attributes, and a delay of more than a quarter of an hour', async () => {
    const { sqs } = operatorClients(stack);
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`a${index}`, text('x')]));
    const sent = { ...queue, MessageBody: 'x' };

    for (const over of [{ MessageAttributes: many }, { DelaySeconds: 901 }, { DelaySeconds: -1 }])
      expect(await failureOf(sqs.send(new SendMessageCommand({ ...sent, ...over })))).toMatchObject({
        name: 'InvalidParameterValue',
      });
  });

  it('one message of a batch, and takes the others', async () => {
    const { sqs } = operatorClients(stack);
    const entry = (Id: string, MessageGroupId: string) => ({
      ...{ Id, MessageBody: Id, MessageGroupId },
      MessageDeduplicationId: Id,
    });
    const Entries = [entry('1', 'a b'), entry('2', 'c')];

    const { Successful = [], Failed = [] } = await sqs.send(
      new SendMessageBatchCommand({ ...fifo, Entries }),
    );

    expect(Successful.map(({ Id }) => Id)).toEqual(['2']);
    expect(Failed).toMatchObject([{ Id: '1', Code: 'InvalidParameterValue', SenderFault: true }]);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ ...fifo, MaxNumberOfMessages: 10 }));
    expect(Messages.map(({ Body }) => Body)).toEqual(['2']);
  });

  it('a malformed receipt handle, and accepts one of a message that is gone', async () => {
    const { sqs } = operatorClients(stack);
    await sqs.send(new SendMessageCommand({ ...queue, MessageBody: 'x' }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(queue));
    const handle = { ...queue, ReceiptHandle: Messages[0]?.ReceiptHandle };
    await sqs.send(new DeleteMessageCommand(handle));
    await sqs.send(new DeleteMessageCommand(handle));

    const bad = { ...queue, ReceiptHandle: 'none' };
    const expected = { name: 'ReceiptHandleIsInvalid' };
    expect(await failureOf(sqs.send(new DeleteMessageCommand(bad)))).toMatchObject(expected);
    expect(
      await failureOf(sqs.send(new ChangeMessageVisibilityCommand({ ...bad, VisibilityTimeout: 0 }))),
    ).toMatchObject(expected);
    const Entries = [{ Id: '1', ReceiptHandle: 'none' }];
    const { Failed } = await sqs.send(new DeleteMessageBatchCommand({ ...queue, Entries }));
    expect(Failed).toMatchObject([{ Id: '1', Code: 'ReceiptHandleIsInvalid' }]);
  });

  it.each<[string, Record<string, string>]>([
    ['a b', {}],
    ['x'.repeat(81), {}],
    ['plain.fifo', {}],
    ['ordered', { FifoQueue: 'true' }],
  ])('a queue of the name %s with %j', async (QueueName, Attributes) => {
    const { sqs } = operatorClients(stack);

    expect(await failureOf(sqs.send(new CreateQueueCommand({ QueueName, Attributes })))).toMatchObject({
      name: 'InvalidParameterValue',
    });
  });

  it('an attribute that queues do not have, and a dead-letter queue that does not exist', async () => {
    const { sqs } = operatorClients(stack);
    const AttributeNames = ['Size'] as never;
    expect(
      await failureOf(sqs.send(new GetQueueAttributesCommand({ ...queue, AttributeNames }))),
    ).toMatchObject({ name: 'InvalidAttributeName' });
    const deadLetterTargetArn = 'arn:aws:sqs:eu-west-1:000000000000:none';
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 });
    expect(
      await failureOf(sqs.send(new SetQueueAttributesCommand({ ...queue, Attributes: { RedrivePolicy } }))),
    ).toMatchObject({ name: 'InvalidParameterValue' });
  });
});

describe('SNS refuses as AWS does', () => {
  it.each(Object.entries(attributes))('a message with %s in its attributes', async (_, MessageAttributes) => {
    const { sns } = operatorClients(stack);
    const sent = { ...topic, Message: 'x', MessageAttributes };

    expect(await failureOf(sns.send(new PublishCommand(sent)))).toMatchObject({
      name: 'InvalidParameterValueException',
      status: 400,
    });
  });

  it('a batch of more than 256 KB, even if each message is smaller', async () => {
    const { sns } = operatorClients(stack);
    const PublishBatchRequestEntries = ['1', '2'].map((Id) => ({ Id, Message: 'x'.repeat(200_000) }));
    const batch = { ...topic, PublishBatchRequestEntries };

    expect(await failureOf(sns.send(new PublishBatchCommand(batch)))).toMatchObject({
      name: 'BatchRequestTooLongException',
    });
  });

  it('a message of more than 256 KB, even if each protocol gets less', async () => {
    const { sns } = operatorClients(stack);
    const Message = JSON.stringify({ default: 'x'.repeat(140_000), email: 'x'.repeat(140_000) });
    const sent = { ...topic, MessageStructure: 'json', Message };

    expect(await failureOf(sns.send(new PublishCommand(sent)))).toMatchObject({
      name: 'InvalidParameterException',
      message: 'Invalid parameter: Message too long',
    });
  });

  it('what is no ARN, and an endpoint that is no queue or address', async () => {
    const { sns } = operatorClients(stack);
    const expected = { name: 'InvalidParameterException' };
    const subscribe = (Protocol: string, Endpoint: string) =>
      failureOf(sns.send(new SubscribeCommand({ ...topic, Protocol, Endpoint })));

    expect(await subscribe('sqs', 'plain')).toMatchObject(expected);
    expect(await subscribe('email', 'nobody')).toMatchObject(expected);
    expect(await failureOf(sns.send(new PublishCommand({ TopicArn: 'alerts', Message: 'x' })))).toMatchObject(
      expected,
    );
    expect(
      await failureOf(sns.send(new UnsubscribeCommand({ SubscriptionArn: 'PendingConfirmation' }))),
    ).toMatchObject(expected);
  });

  it('to list the subscriptions of a topic that does not exist', async () => {
    const { sns } = operatorClients(stack);
    const none = { TopicArn: `${topic.TopicArn}-none` };

    expect(await failureOf(sns.send(new ListSubscriptionsByTopicCommand(none)))).toMatchObject({
      name: 'NotFoundException',
    });
  });
});
