import { SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { burst } from '../../functions/detect/budget';
import { connectFloods } from '../../shared/storage/floods';
import { aReport } from './alerts';
import { actUntil, type EndToEnd, startEndToEnd } from './harness';

/** Work for one device's messages is bounded, so that one device can't hold up the others. */

let e2e: EndToEnd;

beforeAll(async () => {
  // The budget applies to each process, so this allows several.
  e2e = await startEndToEnd({ maxConcurrency: 4 });
}, 180_000);

afterAll(() => e2e.close());

const table = '880000000000000000';
const doubled = 'd8338481d8e1e08200e080'.repeat(23);
/** Packed CBOR: a decoder that follows tag 51 makes gigabytes of these 279 bytes. */
const bomb = Buffer.from(`d8338481${table}8200${table}80${doubled}e0`, 'hex');

const reports = (thingName: string, format = 'json') => `cordon/things/${thingName}/reports/${format}`;

/** Reports a child of a thing of its own, and waits until that is contained. */
async function contain(thingName: string): Promise<void> {
  const client = await e2e.connect(await e2e.enroll(thingName));
  await client.publishAsync(reports(thingName), JSON.stringify(aReport(1)), { qos: 1 });
  await e2e.waitForCase(thingName, 'contained');
}

it('detect contains another thing, and loses no invocation, while devices send 200 reports that would exhaust the memory', async () => {
  // Each sends as many as one instance answers at once: the others may be slow to start.
  const attackers = ['bomber-1', 'bomber-2'];
  const answers: string[] = [];
  const sent: Promise<unknown>[] = [];
  for (const name of attackers) {
    const attacker = await e2e.connect(await e2e.enroll(name));
    attacker.on('message', (topic) => void answers.push(topic));
    await attacker.subscribeAsync(`cordon/things/${name}/reports/+/+`, { qos: 1 });
    for (let count = 0; count < burst; count += 1)
      sent.push(attacker.publishAsync(reports(name, 'cbor'), bomb, { qos: 1 }));
  }
  await contain('beside');
  await Promise.all(sent);
  await e2e.waitForQuiet();

  expect(sent).toHaveLength(200);
  expect(answers.toSorted()).toEqual(
    attackers.flatMap((name) => Array(burst).fill(`${reports(name, 'cbor')}/rejected`)),
  );
  expect(e2e.log.filter(({ message }) => message === 'invocation failed')).toEqual([]);
}, 180_000);

it('detect names the flooding certificate to operators once, and so does the list of cases', async () => {
  const { outputs } = e2e.stack.deployed;
  const { QueueUrl } = await e2e.sqs.send(new CreateQueueCommand({ QueueName: 'operations' }));
  const TopicArn = (outputs.AnnouncementsTopicArn ?? '').replace(/announcements$/, 'alarms');
  const Endpoint = TopicArn.replace(':sns:', ':sqs:').replace(/[^:]+$/, 'operations');
  await e2e.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
  const flooder = await e2e.enroll('flooder');
  const client = await e2e.connect(flooder);
  const send = () => client.publishAsync(reports('flooder'), JSON.stringify(aReport(0)), { qos: 1 });

  const { list } = connectFloods(outputs.TableName ?? '', e2e.dynamodb);
  // The slower a machine handles them, the more of them are within the budget.
  await actUntil(
    () => 'a flood',
    async () => {
      await Promise.all(Array.from({ length: 1_000 }, send));
      await e2e.waitForQuiet();
    },
    async () => (await list(Date.now())).length > 0,
  );

  const { Messages = [] } = await e2e.sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }),
  );
  expect(Messages.map(({ Body = '' }) => JSON.parse(Body).Subject)).toEqual([
    '[Cordon] too many reports for flooder',
  ]);
  const floods = await list(Date.now());
  const certificateId = flooder.certificateArn.split('/')[1];
  expect(floods).toMatchObject([{ thingName: 'flooder', clientId: 'flooder', sender: certificateId }]);
}, 180_000);
