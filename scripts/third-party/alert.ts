import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { waitUntil } from './run-program';
import type { Slack } from './slack';
import { attempt, device, type Program, parseJson, type Report, type Settings, stackName } from './step';

/** Raises an alert of the device, and follows it until the case is contained, shown and released. */
export async function raiseAlert(
  settings: Settings,
  cordon: Program,
  slack: Slack,
  report: Report,
): Promise<void> {
  const account = await new CloudFormationClient(settings).send(
    new DescribeStacksCommand({ StackName: stackName }),
  );
  const accountId = account.Stacks?.[0]?.StackId?.split(':')[4];
  const topic = `arn:aws:sns:us-east-1:${accountId}:${stackName}-alerts`;
  await attempt('publish an alert', report, () =>
    new SNSClient(settings).send(new PublishCommand({ TopicArn: topic, Message: JSON.stringify(anAlert()) })),
  );
  let last = '';
  const status = async () => {
    const { out } = await cordon('show', device, '--json');
    last = out;
    return readStatus(out);
  };
  const opened = await waitUntil(status, (found) => found !== undefined, 60_000);
  report('it opens a case', opened ? 'held' : 'wrong', opened ? undefined : `not within a minute: ${last}`);
  if (!opened) return;
  const ends = ['contained', 'containment-failed', 'awaiting-approval'];
  const ended = await waitUntil(status, (found) => ends.includes(found ?? ''), 60_000);
  report(
    'it is contained',
    ended && readStatus(last) === 'contained' ? 'held' : 'wrong',
    `it is ${readStatus(last)}${ended ? '' : ', not within a minute'}`,
  );
  const told = await waitUntil(
    async () => slack.received.some((text) => text.includes(device)),
    Boolean,
    30_000,
  );
  report('Slack shows it', told ? 'held' : 'wrong', 'no message at the webhook, not within half a minute');
  const { code, out } = await cordon('release', device, '--force', '--comment', 'end of the check');
  report('it is released', code === 0 ? 'held' : 'wrong', out);
}

function readStatus(text: string): string | undefined {
  return parseJson<{ readonly case?: { readonly status?: string } }>(text)?.case?.status;
}

function anAlert(): object {
  const criteria = { comparisonOperator: 'less-than-equals', value: { number: 0 } };
  return {
    violationEventTime: Date.now(),
    thingName: device,
    behavior: { name: 'no-child-processes', metric: 'num_child_procs_myapp', criteria },
    violationEventType: 'in-alarm',
    metricValue: { number: 1 },
    violationId: 'third-party-check',
    securityProfileName: 'myapp-processes',
  };
}
