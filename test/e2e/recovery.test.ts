import { readFile } from 'node:fs/promises';
import {
  DeleteThingCommand,
  DescribeThingCommand,
  IoTClient,
  ListThingGroupsForThingCommand,
  RemoveThingFromThingGroupCommand,
} from '@aws-sdk/client-iot';
import { thingKey } from '../../shared/domain/thing-ref';
import { connectChannelStates } from '../../shared/storage/channel-states';
import { anAlert, aReport } from './alerts';
import { actUntil, type EndToEnd, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';

let e2e: EndToEnd;

beforeAll(async () => {
  e2e = await startEndToEnd({ schedules: true, redeliverSeconds: 1, warm: true, maxConcurrency: 4 });
}, 180_000);

afterEach(() => e2e.stack.aws.gateway.setFaults([]));

afterAll(() => e2e.close());

const respond = 'cordon-dev-respond';

async function groupsOf(thingName: string): Promise<unknown[]> {
  const { thingGroups = [] } = await e2e.iot.send(new ListThingGroupsForThingCommand({ thingName }));
  return thingGroups.map(({ groupName }) => groupName);
}

/** How many rules of `setFaults` have not fired yet. */
async function countUnspent(): Promise<number> {
  const response = await fetch(`${e2e.stack.aws.gateway.url}/_cordon/faults`);
  const { rules } = (await response.json()) as { rules: { times: number }[] };
  return rules.filter(({ times }) => times > 0).length;
}

function slackTextsOf(thingName: string): string[] {
  return e2e.stack.aws.slack
    .messages()
    .map(({ text }) => text)
    .filter((text) => text.includes(`${thingName}:`));
}

/** An invocation of the function hangs once in a call to this action. */
function hang(action: string, functionName: string) {
  return { kind: 'latency', action, functionName, latencyMs: 12_000, probability: 1, times: 1 } as const;
}

function kill(functionName: string): void {
  for (const pid of e2e.stack.functions.pids()[functionName] ?? []) process.kill(pid, 'SIGKILL');
}

describe('a killed function', () => {
  const things = ['killed-1', 'killed-2', 'killed-3'];

  it('ends every case as without the kill, at any call', async () => {
    for (const thingName of things) await e2e.connect(await e2e.enroll(thingName));
    // Three things run in parallel, and one of them hangs in each of these calls.
    e2e.stack.aws.gateway.setFaults([
      hang('iot:AddThingToThingGroup', respond),
      hang('iot:DeleteConnection', respond),
      hang('sns:Publish', respond),
    ]);

    await Promise.all(things.map((thingName) => e2e.publishAlert(anAlert(thingName))));
    await waitUntil(
      () => 'a respond that hangs in each of the three calls',
      async () => (await countUnspent()) === 0,
    );
    kill(respond);

    const cases = await Promise.all(
      things.map((thingName) => e2e.waitForCase(thingName, 'contained', 60_000)),
    );
    await e2e.waitForQuiet();
    for (const { thingName, caseId, ledger } of cases) {
      expect(ledger.map(({ action, status }) => [action, status])).toEqual([
        ['disconnect', 'verified'],
        ['quarantine', 'verified'],
      ]);
      expect(await groupsOf(thingName)).toEqual(['cordon-quarantine']);
      expect((await e2e.loadCase(thingName))?.caseId).toBe(caseId);
      const timeline = await e2e.timelineOf(caseId);
      for (const what of ['case opened', 'in alarm', 'quarantine applied', 'disconnect applied', 'contained'])
        expect(timeline.filter((line) => line.startsWith(what))).toHaveLength(1);
      await waitUntil(
        () => `the Slack message of ${thingName}`,
        () => slackTextsOf(thingName).length > 0,
      );
      expect(slackTextsOf(thingName)).toHaveLength(1);
    }
  }, 120_000);

  it('makes Slack name the message that is kept up to date, if it was killed before it recorded the first one', async () => {
    const thingName = 'killed-posting';
    await e2e.enroll(thingName);
    const slack = connectChannelStates({
      name: 'slack',
      tableName: e2e.stack.deployed.outputs.TableName ?? '',
      client: e2e.dynamodb,
    });
    // The note of a message takes long, so that the kill comes between the two.
    const slow = { kind: 'latency', action: 'dynamodb:PutItem', latencyMs: 5_000, probability: 1 } as const;
    e2e.stack.aws.gateway.setFaults([{ ...slow, functionName: 'cordon-dev-notify' }]);
    await e2e.command({ type: 'contain', thingName: thingKey(thingName), actor: 'test' });
    const { caseId } = await e2e.waitForCase(thingName, 'contained', 60_000);
    await waitUntil(
      () => 'the message',
      () => slackTextsOf(thingName).length > 0,
      60_000,
    );
    kill('cordon-dev-notify');
    e2e.stack.aws.gateway.setFaults([]);
    expect((await slack.load(caseId))?.value).toMatchObject({ place: { ts: '' }, posting: true });
    // The run that was killed had the turn for a minute more.
    const turn = await slack.loadTurn();
    if (turn) await slack.saveTurn({ ...turn.value, until: 0 }, turn.version);

    await e2e.command({ type: 'release', thingName: thingKey(thingName), actor: 'test' });

    const released = await waitUntil(
      () => `the release in Slack: ${slackTextsOf(thingName).join(' / ')}`,
      () =>
        e2e.stack.aws.slack
          .messages()
          .find(({ text }) => text.includes(`${thingName}: `) && text.includes(': released')),
      120_000,
    );
    expect(JSON.stringify(released.blocks)).toContain(
      'has an earlier message of it, that one is out of date',
    );
    expect(slackTextsOf(thingName).filter((text) => text.startsWith('🔒'))).toHaveLength(1);
  }, 180_000);

  it('loses and duplicates nothing, neither before a case nor between the case and Slack', async () => {
    const [reporting, alerted, told] = ['killed-detect', 'killed-intake', 'killed-notify'] as const;
    const client = await e2e.connect(await e2e.enroll(reporting));
    for (const name of [alerted, told]) await e2e.enroll(name);
    await e2e.command({ type: 'contain', thingName: thingKey(told), actor: 'test' });
    const { caseId: toldCase } = await e2e.waitForCase(told, 'contained');
    const { TableName = '' } = e2e.stack.deployed.outputs;
    const slack = connectChannelStates({ name: 'slack', tableName: TableName, client: e2e.dynamodb });
    // A kill after the post but before its note is saved causes a second post: Slack takes no idempotency key.
    await waitUntil(
      () => 'the first Slack message, noted as shown',
      async () => {
        const [state, turn] = [await slack.load(toldCase), await slack.loadTurn()];
        return state && state.value.lastSeq > 0 && !state.value.newest && turn?.value.until === 0;
      },
    );
    expect(slackTextsOf(told)).toHaveLength(1);
    e2e.stack.aws.gateway.setFaults([
      hang('dynamodb:PutItem', 'cordon-dev-detect'),
      hang('sqs:SendMessage', 'cordon-dev-intake'),
      hang('dynamodb:GetItem', 'cordon-dev-notify'),
    ]);

    await publishOrCut(client, `cordon/things/${reporting}/reports/json`, JSON.stringify(aReport(1)));
    await e2e.publishAlert(anAlert(alerted));
    await e2e.command({ type: 'release', thingName: thingKey(told), actor: 'test' });
    await waitUntil(
      () => 'a detect, an intake and a notify that hang',
      async () => (await countUnspent()) === 0,
    );
    for (const name of ['detect', 'intake', 'notify']) kill(`cordon-dev-${name}`);

    for (const thingName of [reporting, alerted]) {
      const { caseId, violations } = await e2e.waitForCase(thingName, 'contained', 90_000);
      expect(Object.keys(violations)).toHaveLength(1);
      const timeline = await e2e.timelineOf(caseId);
      for (const what of ['case opened', 'in alarm', 'contained'])
        expect(timeline.filter((line) => line.startsWith(what))).toHaveLength(1);
    }
    // The thread's root, which says the newest, and one reply.
    await waitUntil(
      () => `the release in Slack: ${slackTextsOf(told).join(' | ')}`,
      () => slackTextsOf(told).length > 1,
      90_000,
    );
    await e2e.waitForQuiet();
    expect(slackTextsOf(told).map((text) => text.includes('released'))).toEqual([true, true]);
    expect(await e2e.rejected()).toEqual([]);
  }, 180_000);
});

describe('Cordon, with faults of AWS,', () => {
  it('contains each of twenty things while every tenth IoT call is throttled', async () => {
    const things = Array.from({ length: 20 }, (_, index) => `throttled-${index}`);
    for (const thingName of things) await e2e.enroll(thingName);
    e2e.stack.aws.gateway.setFaults(
      ['iot', 'iotdata'].map((service) => ({
        kind: 'throttle',
        service,
        functionName: respond,
        probability: 0.1,
      })),
      7,
    );

    await Promise.all(things.map((thingName) => e2e.publishAlert(anAlert(thingName))));
    // cordon.yml's fleet limit lets ten through in ten minutes; a person lets the others through.
    const waiting = await waitUntil(
      () => 'a decision for each thing',
      async () => {
        const cases = await Promise.all(things.map((thingName) => e2e.loadCase(thingName)));
        const decided = cases.every(
          (one) => one?.status === 'contained' || one?.status === 'awaiting-approval',
        );
        return decided && cases.filter((one) => one?.status === 'awaiting-approval');
      },
      60_000,
    );
    expect(waiting.length).toBeGreaterThanOrEqual(10);
    expect(new Set(waiting.map((one) => one?.reason))).toEqual(
      new Set(['the fleet limit is reached: 10 things within 10 minutes']),
    );
    // The storm's message says why they wait. At most the thing that reached the limit first has its own message as
    // well.
    const { slack, mails } = e2e.stack.aws;
    await actUntil(
      () => 'the message about all that wait',
      () => e2e.stack.functions.invoke('cordon-dev-sweep', {}),
      () =>
        slack
          .messages()
          .some((message) =>
            JSON.stringify(message.blocks).includes(
              `${waiting.length} wait for approval (the fleet limit is reached: 10 things within 10 minutes): `,
            ),
          ),
    );
    for (const one of waiting)
      await e2e.command({ type: 'approve', thingName: thingKey(one?.thingName ?? ''), actor: 'test' });
    for (const thingName of things) await e2e.waitForCase(thingName, 'contained', 60_000);

    const alone = mails().filter(({ subject }) => subject.startsWith('[waits for approval]'));
    expect(alone.length).toBeLessThanOrEqual(1);

    const throttled = e2e.stack.aws.gateway.calls
      .counts()
      .filter(
        ({ caller, action, byStatus }) => caller === respond && action.startsWith('iot') && byStatus[429],
      );
    expect(throttled.length).toBeGreaterThan(0);
    for (const thingName of things) expect(await groupsOf(thingName)).toEqual(['cordon-quarantine']);
  }, 150_000);

  it('repeats a call once whose answer was lost', async () => {
    await e2e.enroll('unanswered');
    e2e.stack.aws.gateway.calls.reset();
    e2e.stack.aws.gateway.setFaults([
      { kind: 'drop-response', action: 'iot:AddThingToThingGroup', probability: 1, times: 1 },
    ]);

    await e2e.command({ type: 'contain', thingName: thingKey('unanswered'), actor: 'test' });
    await e2e.waitForCase('unanswered', 'contained');

    expect(e2e.countCalls('respond')['iot:AddThingToThingGroup']).toBe(2);
    expect(await groupsOf('unanswered')).toEqual(['cordon-quarantine']);
  });
});

describe('the sweep', () => {
  it('finds that somebody removed a contained thing from quarantine, and returns it', async () => {
    const thingName = 'freed';
    await e2e.enroll(thingName);
    await e2e.command({ type: 'contain', thingName: thingKey(thingName), actor: 'test' });
    await e2e.waitForCase(thingName, 'contained');
    await e2e.iot.send(
      new RemoveThingFromThingGroupCommand({ thingName, thingGroupName: 'cordon-quarantine' }),
    );

    await e2e.makeDue(thingName);
    expect(await e2e.stack.functions.invoke('cordon-dev-sweep', {})).toMatchObject({ status: 'succeeded' });
    await e2e.waitForCase(thingName, 'containing');
    // A minute later.
    await e2e.makeDue(thingName);
    await e2e.command({ type: 'resume', thingName: thingKey(thingName) });

    await e2e.waitForCase(thingName, 'contained');
    expect(await groupsOf(thingName)).toEqual(['cordon-quarantine']);
  }, 180_000);
});

describe('the role of a function', () => {
  /** The keys that the packaged function itself runs under. */
  async function actAs(functionName: string): Promise<IoTClient> {
    const [pid] = e2e.stack.functions.pids()[functionName] ?? [];
    const environment = Object.fromEntries(
      (await readFile(`/proc/${pid}/environ`, 'utf8'))
        .split('\0')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
    return new IoTClient({
      endpoint: e2e.stack.aws.gateway.url,
      region: environment.AWS_REGION,
      credentials: {
        accessKeyId: environment.AWS_ACCESS_KEY_ID,
        secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
        sessionToken: environment.AWS_SESSION_TOKEN,
      },
    });
  }

  it('permits respond to read things, and nothing that it does not name, with a line in the log', async () => {
    await e2e.enroll('precious');
    await e2e.stack.functions.warm(respond);
    const iot = await actAs(respond);

    await expect(iot.send(new DescribeThingCommand({ thingName: 'precious' }))).resolves.toMatchObject({
      thingName: 'precious',
    });
    await expect(iot.send(new DeleteThingCommand({ thingName: 'precious' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        /^User: arn:aws:sts::\d{12}:assumed-role\/.+ is not authorized to perform: iot:DeleteThing on resource: arn:aws:iot:us-east-1:\d{12}:thing\/precious/,
      ),
    });

    const resource = 'arn:aws:iot:us-east-1:000000000000:thing/precious';
    expect(e2e.log).toContainEqual({
      message: `refused by IAM: ${respond} may not iot:DeleteThing on ${resource}`,
      fields: { function: respond, action: 'iot:DeleteThing', resource, decision: expect.any(String) },
    });
    iot.destroy();
  });
});
