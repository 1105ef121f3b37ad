import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { CaseStatus } from '../../../shared/domain/case/status';
import { outlineCase } from '../../../shared/domain/lists/outline';
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
  e2e: EndToEnd,
  thingName: string,
  copies: number,
  describe: (index: number) => Copy = (index) => ({ name: `many-${index}` }),
): Promise<void> {
  const table = e2e.stack.deployed.outputs.TableName ?? '';
  const documents = DynamoDBDocumentClient.from(e2e.dynamodb);
  const original = (await e2e.cases.load(thingName as never))?.value;
  if (!original) throw new Error('there is nothing to copy');
  const outline = outlineCase(original);
  const batches = Array.from({ length: Math.ceil(copies / 25) }, (_, batch) =>
    Array.from({ length: Math.min(25, copies - batch * 25) }, (_, index) => {
      const copy = describe(batch * 25 + index);
      const name = copy.name as typeof original.thingName;
      const { status = 'contained', severity = original.severity, changedMsAgo = 0 } = copy;
      const updatedAt = original.updatedAt - changedMsAgo;
      return {
        PutRequest: {
          Item: {
            ...{
              pk: partitionOf(name),
              sk: 'CASE',
              thingName: name,
              caseId: name,
              severity,
              updatedAt,
              outline,
            },
            statusKey: `STATUS#${status}#${shardOf(name)}`,
          },
        },
      };
    }),
  );
  for (let at = 0; at < batches.length; at += 8)
    await Promise.all(
      batches
        .slice(at, at + 8)
        .map((Items) => documents.send(new BatchWriteCommand({ RequestItems: { [table]: Items } }))),
    );
}
