import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { ThingAnswer } from '../../../shared/api/thing';
import type { CaseStatus } from '../../../shared/domain/case/status';
import type { Severity } from '../../../shared/domain/severity';
import { partitionOf, shardOf } from '../../../shared/storage/keys';
import { anAlert, aReport } from '../alerts';
import { type EndToEnd, waitUntil } from '../harness';
import { publishOrCut } from '../mqtt-client';

export const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>"\'`{1}';

/** A thing whose case is contained, with a process that its agent saw. */
export async function containReported(e2e: EndToEnd, thingName: string, commandLine: string): Promise<void> {
  const client = await e2e.connect(await e2e.enroll(thingName));
  const evidence = [
    {
      metric: 'num_child_procs_myapp',
      ...{ pid: 4_711, ppid: 812, executable: '/bin/sh', commandLine, user: 'myapp' },
      parents: [hostile.slice(0, 60), 'systemd'],
    },
  ];
  const topic = `cordon/things/${thingName}/reports/json`;
  await publishOrCut(client, topic, JSON.stringify(aReport(0)));
  const health = { agent: '0.0.1', degraded: ['hidden', 'of-a-later-version'] };
  await publishOrCut(client, topic, JSON.stringify(aReport(2, { evidence, health })));
  await e2e.waitForCase(thingName, 'contained');
}

export async function endAlarm(e2e: EndToEnd, thingName: string): Promise<void> {
  const violationId = (await e2e.loadCase(thingName))?.violations['myapp-processes/no-child-processes']
    ?.violationId;
  await e2e.publishAlert(
    anAlert(thingName, { violationEventType: 'alarm-cleared', violationId, metricValue: { number: 0 } }),
  );
  await waitUntil(
    () => `the end of the alarm of ${thingName}`,
    async () =>
      (await e2e.loadCase(thingName))?.violations['myapp-processes/no-child-processes']?.lastEventType ===
      'alarm-cleared',
  );
}
export async function waitForOther(e2e: EndToEnd, things: readonly string[], status: string): Promise<void> {
  await waitUntil(
    () => `${things} no longer ${status}`,
    async () => {
      const cases = await Promise.all(things.map((name) => e2e.loadCase(name)));
      return cases.every((one) => one && one.status !== status);
    },
  );
}
interface Copy {
  readonly name: string;
  readonly status?: CaseStatus;
  readonly severity?: Severity;
  readonly changedMsAgo?: number;
}

/** Writes copies of a case straight to the table, contained unless `describe` says otherwise. */
export async function multiplyCase(
  { stack, dynamodb }: EndToEnd,
  thingName: string,
  copies: number,
  describe: (index: number) => Copy = (index) => ({ name: `many-${index}` }),
): Promise<void> {
  const table = stack.deployed.outputs.TableName ?? '';
  const key = { pk: { S: partitionOf(thingName as never) }, sk: { S: 'CASE' } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: key }));
  if (!Item) throw new Error('there is nothing to copy');
  const requests = Array.from({ length: copies }, (_, index) => {
    const { name, status = 'contained', severity, changedMsAgo = 0 } = describe(index);
    const updatedAt = { N: String(Number(Item.updatedAt?.N) - changedMsAgo) };
    const copy = {
      ...{ pk: { S: partitionOf(name as never) }, sk: { S: 'CASE' } },
      ...{ thingName: { S: name }, caseId: { S: name }, updatedAt },
      ...{ severity: severity ? { S: severity } : Item.severity, outline: Item.outline },
      statusKey: { S: `STATUS#${status}#${shardOf(name as never)}` },
    };
    return { PutRequest: { Item: copy } };
  });
  // Writes without the SDK's client, which would double the time for 10,000 cases.
  const { gateway } = stack.aws;
  for (let at = 0; at < requests.length; at += 25) {
    const RequestItems = { [table]: requests.slice(at, at + 25) };
    const answer = await gateway.call(gateway.operatorCredentials.accessKeyId, {
      service: 'dynamodb',
      headers: { 'x-amz-target': 'DynamoDB_20120810.BatchWriteItem' },
      body: Buffer.from(JSON.stringify({ RequestItems })),
    });
    if (answer === 'drop' || answer.status !== 200) throw new Error(`${at} to ${at + 25} were not written`);
  }
}

/** What a thing's answer says of a closed case. */
export function anEarlierCase(daysAgo: number): ThingAnswer['earlier'][number] {
  const openedAt = Date.now() - daysAgo * 86_400_000 - 3_600_000;
  return {
    ...{ thingName: 'hostile:_-1', caseId: `earlier-${daysAgo}`, status: 'closed', severity: 'low' },
    ...{ openedAt, updatedAt: openedAt, version: 1, behaviors: [] },
  };
}
