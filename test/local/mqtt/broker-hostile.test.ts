import { type Stack, startStack, tryPublish, waitFor } from './stack';

let stack: Stack;

beforeEach(async () => {
  stack = await startStack();
});

afterEach(async () => {
  await stack.close();
});

describe('the broker and hostile messages', () => {
  it.each([
    ['$SYS', '$SYS/x', 'x'],
    ['a lifecycle topic', '$aws/events/presence/connected/mything1', 'x'],
    ['an unknown reserved topic', '$aws/rules/x', 'x'],
    ['a topic of 8 slashes', 'a/b/c/d/e/f/g/h/i', 'x'],
    ['a topic of 257 bytes', `a${'é'.repeat(128)}`, 'x'],
    ['a topic with 128 KB and a byte', 'big', 'x'.repeat(131_073)],
    ['a topic with 3 MB', 'huge', 'x'.repeat(3_000_000)],
  ])('closes the connection on a publish to %s whatever the policy', async (_, topic, payload) => {
    const client = await stack.connect(await stack.addDevice('a'), { clientId: 'a' });

    expect(await tryPublish(client, topic, payload, { qos: 1 })).toBe('cut');

    await waitFor(() => stack.broker.sessionOf('a')?.state === 'ended');
    expect(stack.broker.sessionOf('a')).toMatchObject({ endReason: 'CLIENT_ERROR' });
  });

  it('takes a payload of exactly 128 KB', async () => {
    const client = await stack.connect(await stack.addDevice('a'), { clientId: 'a' });

    await client.publishAsync('big', 'x'.repeat(131_072), { qos: 1 });

    expect(client.connected).toBe(true);
  });

  it('closes the connection on QoS 2, which AWS IoT does not know', async () => {
    const client = await stack.connect(await stack.addDevice('a'), { clientId: 'a' });

    expect(await tryPublish(client, 'x', 'x', { qos: 2 })).toBe('cut');
  });

  it.each(['$SYS/#', '$share/group/x'])(
    'refuses a subscription to %s whatever the policy',
    async (filter) => {
      const client = await stack.connect(await stack.addDevice('a'), { clientId: 'a' });

      await expect(client.subscribeAsync(filter)).rejects.toThrow();
    },
  );
});
