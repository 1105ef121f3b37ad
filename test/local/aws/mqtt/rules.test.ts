import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TopicRuleAction } from '../../../../local/aws/iot/state';
import type { RuleAction } from '../../../../local/aws/mqtt/rule-action';
import { compileTopicRule, createRuleEngine } from '../../../../local/aws/mqtt/rules';
import { collect, type Stack, startStack, waitFor } from './stack';

let stack: Stack;
let perform: (action: RuleAction, payload: Buffer) => Promise<void>;

beforeEach(async () => {
  perform = async () => undefined;
  const performed: Stack['performed'] = [];
  const started = await startStack({
    performRuleAction: async (action, payload, ruleName) => {
      await perform(action, payload);
      performed.push({ action, payload: payload.toString(), ruleName });
    },
  });
  stack = { ...started, performed };
});

afterEach(async () => {
  await stack.close();
});

const roleArn = 'arn:aws:iam::123456789012:role/rule';
const reportsQueue = { queueUrl: 'https://sqs/reports', roleArn };

function createRule(
  ruleName: string,
  sql: string,
  actions: TopicRuleAction[],
  errorAction?: TopicRuleAction,
): void {
  stack.registry.rules.create(ruleName, { sql, actions, ...(errorAction && { errorAction }) });
}

describe('topic rules', () => {
  it('send a report to their queue with its origin', async () => {
    createRule(
      'reports',
      "SELECT encode(*, 'base64') AS report, topic(3) AS thingName, clientid() AS clientId, principal() AS principal, timestamp() AS receivedAt FROM 'cordon/things/+/reports/+'",
      [{ sqs: { ...reportsQueue, useBase64: false } }],
    );
    const certificate = await stack.addDevice('mything1');
    const client = await stack.connect(certificate, { clientId: 'mything1' });

    await client.publishAsync('cordon/things/mything1/reports/cbor', Buffer.from([0xa0]), { qos: 1 });
    await client.publishAsync('cordon/other', 'x', { qos: 1 });
    await stack.broker.drainRules();

    expect(
      stack.performed.map(({ payload, ...rest }) => ({ ...rest, payload: JSON.parse(payload) })),
    ).toEqual([
      {
        ruleName: 'reports',
        action: { type: 'sqs', ...reportsQueue, useBase64: false },
        payload: {
          report: 'oA==',
          thingName: 'mything1',
          clientId: 'mything1',
          principal: certificate.certificateId,
          receivedAt: expect.any(Number),
        },
      },
    ]);
  });

  it('receive lifecycle events', async () => {
    createRule('presence', "SELECT clientId, eventType FROM '$aws/events/presence/connected/+'", [
      { sqs: reportsQueue },
    ]);

    await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });

    await waitFor(() => stack.performed.length === 1);
    expect(stack.performed[0]?.payload).toBe('{"clientId":"mything1","eventType":"connected"}');
  });

  it('receive nothing of a refused publish', async () => {
    createRule('all', "SELECT * FROM '#'", [{ sqs: reportsQueue }]);
    const client = await stack
      .connect(await stack.addDevice('mything1', []), { clientId: 'mything1' })
      .catch(() => 'refused');
    await stack.broker.drainRules();

    expect([client, stack.performed]).toEqual(['refused', []]);
  });

  it('keep the order of one client, without delaying another', async () => {
    createRule('all', "SELECT * FROM 'data/+'", [{ sqs: reportsQueue }]);
    const slow = await stack.connect(await stack.addDevice('slow'), { clientId: 'slow' });
    const fast = await stack.connect(await stack.addDevice('fast'), { clientId: 'fast' });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    perform = (_action, payload) => (payload.toString() === 'slow 1' ? held : Promise.resolve());

    for (const text of ['slow 1', 'slow 2', 'slow 3']) await slow.publishAsync('data/s', text, { qos: 1 });
    await fast.publishAsync('data/f', 'fast 1', { qos: 1 });
    await waitFor(() => stack.performed.length === 1);
    const beforeRelease = stack.performed.map(({ payload }) => payload);
    release();
    await stack.broker.drainRules();

    expect(beforeRelease).toEqual(['fast 1']);
    expect(stack.performed.map(({ payload }) => payload)).toEqual(['fast 1', 'slow 1', 'slow 2', 'slow 3']);
  });

  it('receive everything that a client sent before it disconnected', async () => {
    createRule('all', "SELECT * FROM 'data'", [{ sqs: reportsQueue }]);
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });

    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`);
    for (const text of texts) client.publish('data', text);
    await client.endAsync();
    await waitFor(() => stack.performed.length === texts.length);

    expect(stack.performed.map(({ payload }) => payload)).toEqual(texts);
  });

  it('yield to other work between the messages of one client', async () => {
    createRule('all', "SELECT * FROM 'data'", [{ sqs: reportsQueue }]);
    const count = 200;
    let turns = 0;
    const performed: number[] = [];
    const engine = createRuleEngine({
      rules: () => stack.registry.topicRules(),
      performRuleAction: async () => void performed.push(turns),
      republish: () => undefined,
      log: { info: () => undefined, warn: () => undefined },
    });

    for (let index = 0; index < count; index += 1)
      engine.process({ topic: 'data', payload: Buffer.from('x'), receivedAt: 0, clientId: 'flooder' });
    while (performed.length < count) {
      turns += 1;
      await nextTurn();
    }

    expect(new Set(performed).size).toBe(count);
  });

  it('handle devices without a client id separately, if they send over HTTPS', async () => {
    createRule('all', "SELECT * FROM 'data'", [{ sqs: reportsQueue }]);
    const performed: string[] = [];
    const engine = createRuleEngine({
      rules: () => stack.registry.topicRules(),
      performRuleAction: (_action, payload) => {
        performed.push(payload.toString());
        return payload.toString() === 'slow' ? new Promise(() => undefined) : Promise.resolve();
      },
      republish: () => undefined,
      log: { info: () => undefined, warn: () => undefined },
    });

    for (const principal of ['slow', 'fast'])
      engine.process({ topic: 'data', payload: Buffer.from(principal), receivedAt: 0, principal });
    await nextTurn();

    expect(performed).toEqual(['slow', 'fast']);
  });

  it('drop waiting messages when the broker closes', async () => {
    createRule('all', "SELECT * FROM 'data'", [{ sqs: reportsQueue }]);
    let performed = 0;
    const engine = createRuleEngine({
      rules: () => stack.registry.topicRules(),
      performRuleAction: async () => {
        performed += 1;
        await nextTurn();
      },
      republish: () => undefined,
      log: { info: () => undefined, warn: () => undefined },
    });

    for (let index = 0; index < 100; index += 1)
      engine.process({ topic: 'data', payload: Buffer.from('x'), receivedAt: 0, clientId: 'flooder' });
    await nextTurn();
    await engine.close();

    expect(performed).toBeLessThan(5);
  });

  it('run their error action when an action fails', async () => {
    createRule('all', "SELECT * FROM 'data'", [{ sns: { targetArn: 'arn:sns', roleArn } }], {
      sqs: reportsQueue,
    });
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });
    perform = (action) =>
      action.type === 'sns' ? Promise.reject(new Error('AccessDenied')) : Promise.resolve();

    await client.publishAsync('data', 'hello', { qos: 1 });
    await stack.broker.drainRules();

    expect(stack.performed.map(({ payload }) => JSON.parse(payload))).toEqual([
      {
        ruleName: 'all',
        topic: 'data',
        cloudwatchTraceId: expect.any(String),
        clientId: 'mything1',
        base64OriginalPayload: 'aGVsbG8=',
        failures: [{ failedAction: 'SnsAction', failedResource: 'arn:sns', errorMessage: 'AccessDenied' }],
      },
    ]);
  });

  it('republish to subscribers', async () => {
    createRule('again', "SELECT a FROM 'data'", [{ republish: { topic: 'copy', qos: 1, roleArn } }]);
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });
    const received = collect(client);
    await client.subscribeAsync('copy', { qos: 1 });

    await client.publishAsync('data', '{"a":1,"b":2}', { qos: 1 });

    await waitFor(() => received.length === 1);
    expect(received).toEqual(['copy {"a":1}']);
  });

  it('stop when they trigger themselves', async () => {
    createRule('loop', "SELECT * FROM 'data'", [{ republish: { topic: 'data', roleArn } }]);
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });

    await client.publishAsync('data', 'x', { qos: 1 });
    await stack.broker.drainRules();

    expect(stack.log.map(({ message }) => message)).toContain('rules go round in a circle; message dropped');
  });

  it('skip a payload that is not JSON, and continue', async () => {
    createRule('fields', "SELECT a FROM 'data'", [{ sqs: reportsQueue }]);
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });

    for (const payload of ['{', Buffer.from([0x22, 0xff, 0x22]), '{"a":1}']) {
      await client.publishAsync('data', payload, { qos: 1 });
    }
    await stack.broker.drainRules();

    expect(stack.performed.map(({ payload }) => payload)).toEqual(['{"a":1}']);
  });

  it('do not run while disabled', async () => {
    createRule('off', "SELECT * FROM 'data'", [{ sqs: reportsQueue }]);
    stack.registry.rules.setDisabled('off', true);
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });

    await client.publishAsync('data', 'x', { qos: 1 });
    await stack.broker.drainRules();

    expect(stack.performed).toEqual([]);
  });
});

describe('compileTopicRule', () => {
  const sql = "SELECT * FROM 'data'";

  it.each<[string, TopicRuleAction, string]>([
    ['another service', { lambda: { functionArn: 'arn' } }, 'Rule action lambda is not emulated'],
    ['no action', {}, 'An action has exactly one key'],
    [
      'two actions in one',
      { sqs: reportsQueue, sns: { targetArn: 'arn', roleArn } },
      'An action has exactly one key',
    ],
    ['a queue without role', { sqs: { queueUrl: 'https://sqs/q' } }, 'Rule action sqs needs roleArn'],
    ['a topic without target', { sns: { roleArn } }, 'Rule action sns needs targetArn'],
    [
      'a substitution template',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of AWS IoT SQL
      { republish: { topic: 'a/${topic(2)}', roleArn } },
      'Rule action republish uses a substitution template in topic, which is not emulated',
    ],
  ])('refuses %s', (_, action, message) => {
    expect(() => compileTopicRule({ sql, actions: [action] })).toThrow(message);
    expect(() => compileTopicRule({ sql, actions: [], errorAction: action })).toThrow(message);
  });
});
