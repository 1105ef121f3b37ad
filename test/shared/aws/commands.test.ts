import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { connectCommands, connectDeadLetters } from '../../../shared/aws/commands';
import { accountKey, thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const sqs = mockClient(SQSClient);
const client = new SQSClient({ region: 'us-east-1' });
const url = 'https://sqs.us-east-1.amazonaws.com/000000000000';

beforeEach(() => sqs.reset().on(SendMessageCommand).resolves({}));

const inputs = () => sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input);

describe('commands', () => {
  const commands = connectCommands(`${url}/commands.fifo`, client);

  it('go to the group of their thing, under an id that SQS accepts', async () => {
    await commands.send(
      { type: 'resume', thingName: thingKey('mything1') },
      `hostile id\n${'x'.repeat(500)}`,
    );

    expect(inputs()).toEqual([
      {
        QueueUrl: `${url}/commands.fifo`,
        MessageBody: '{"type":"resume","thingName":"mything1"}',
        MessageGroupId: 'mything1',
        MessageDeduplicationId: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it('have the same deduplication id if their id is the same, and only then', async () => {
    for (const id of ['a', 'a', 'b'])
      await commands.send({ type: 'resume', thingName: thingKey('mything1') }, id);

    const [first, second, third] = inputs().map(({ MessageDeduplicationId }) => MessageDeduplicationId);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('go to a separate group if another account has a thing of the same name', async () => {
    const there = accountKey({ account: '111122223333', region: 'us-gov-west-1' });
    const name = 'x'.repeat(128);
    const things = [thingKey('a'), thingKey('a', there), thingKey(name), thingKey(name, there)];

    for (const thingName of things) await commands.send({ type: 'resume', thingName }, 'same');

    const groups = inputs().map(({ MessageGroupId = '' }) => MessageGroupId);
    expect(groups.slice(0, 3)).toEqual(['a', '111122223333/us-gov-west-1/a', name]);
    expect(new Set(groups).size).toBe(4);
    // What SQS takes (API reference, SendMessage).
    for (const group of groups) expect(group).toMatch(/^[\x21-\x7e]{1,128}$/);
    expect(new Set(inputs().map(({ MessageDeduplicationId }) => MessageDeduplicationId)).size).toBe(4);
  });

  const batches = () =>
    sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries ?? []);
  const sendAll = (names: readonly string[], comment = '') =>
    Promise.allSettled(
      names.map((thingName) =>
        commands.send({ type: 'release', thingName: thingKey(thingName), actor: 'soc', comment }, 'a'),
      ),
    );
  const names = Array.from({ length: 12 }, (_, index) => `thing${index}`);

  it('sent at the same time share a call, ten at most', async () => {
    sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });

    await sendAll(names);

    expect(batches().map((entries) => entries.map(({ MessageGroupId }) => MessageGroupId))).toEqual([
      names.slice(0, 10),
      names.slice(10),
    ]);
    expect(batches().map((entries) => new Set(entries.map(({ Id }) => Id)).size)).toEqual([10, 2]);
    expect(inputs()).toEqual([]);
  });

  it('share a call only up to the size that SQS accepts', async () => {
    sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });

    await sendAll(names.slice(0, 3), 'ä'.repeat(60_000));

    expect([batches().map((entries) => entries.length), inputs().length]).toEqual([[2], 1]);
  });

  it('are sent one by one if SQS refused them in a batch, and only the refused ones', async () => {
    sqs.on(SendMessageBatchCommand).resolves({
      Successful: [],
      Failed: [{ Id: '1', Code: 'InternalError', SenderFault: false }],
    });

    const outcomes = await sendAll(names.slice(0, 3));

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(inputs().map(({ MessageGroupId }) => MessageGroupId)).toEqual(['thing1']);
  });

  it('fail together if the batch fails, and alone if one is refused', async () => {
    sqs.on(SendMessageBatchCommand).rejectsOnce(awsError('QueueDoesNotExist'));
    const together = await sendAll(names.slice(0, 2));
    sqs
      .on(SendMessageBatchCommand)
      .resolves({ Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }], Successful: [] });
    sqs.on(SendMessageCommand).rejects(awsError('InternalError'));
    const apart = await sendAll(names.slice(0, 2));

    expect([together, apart].map((all) => all.map(({ status }) => status))).toEqual([
      ['rejected', 'rejected'],
      ['rejected', 'fulfilled'],
    ]);
  });

  it('are never lost without an error', async () => {
    sqs.on(SendMessageCommand).rejects(awsError('QueueDoesNotExist'));

    await expect(
      commands.send({ type: 'resume', thingName: thingKey('mything1') }, 'a'),
    ).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
  });
});

describe('dead letters', () => {
  it('keep the message as it came, with the reason and where it came from', async () => {
    await connectDeadLetters(`${url}/rejected`, client).send('{"a":', 'not JSON', 'alerts:1');

    expect(inputs()).toEqual([
      {
        QueueUrl: `${url}/rejected`,
        MessageBody: JSON.stringify({ reason: 'not JSON', source: 'alerts:1', body: '{"a":' }),
      },
    ]);
  });

  it.each([
    ['ASCII', 'x'.repeat(260_000)],
    ['quotes', '"'.repeat(190_000)],
    ['control characters', '\u0001'.repeat(120_000)],
    ['lone surrogates', '\ud800'.repeat(120_000)],
    ['characters of four bytes', '🦠'.repeat(65_000)],
  ])('cut a message of too many %s to what SQS accepts, and say so', async (_, body) => {
    await connectDeadLetters(`${url}/rejected`, client).send(body, 'too long', 'alerts:1');

    const sent = inputs()[0]?.MessageBody ?? '';
    expect(Buffer.byteLength(sent)).toBeLessThan(256 * 1024);
    const letter = JSON.parse(sent);
    expect(letter.cut).toBe(true);
    expect(letter.body.length).toBeGreaterThan(30_000);
    expect(body.startsWith(letter.body)).toBe(true);
  });

  it('keep a message that just fits whole', async () => {
    const body = 'x'.repeat(199_000);

    await connectDeadLetters(`${url}/rejected`, client).send(body, 'r', 's');

    expect(JSON.parse(inputs()[0]?.MessageBody ?? '')).toEqual({ reason: 'r', source: 's', body });
  });

  it('have a group and an id in a FIFO queue', async () => {
    await connectDeadLetters(`${url}/rejected.fifo`, client).send('body', 'reason', 'alerts:1');

    expect(inputs()[0]).toMatchObject({
      MessageGroupId: 'alerts:1',
      MessageDeduplicationId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});
