import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { connectLogGroups } from '../../../cli/doctor/reads/log-groups';
import { mockClient } from '../../mock-client';

it('log groups are listed once for each folder, and one whose name is not of the stack by its name', async () => {
  const logs = mockClient(CloudWatchLogsClient);
  const groups = ['/aws/lambda/cordon-dev-a', '/aws/lambda/cordon-dev-b', '/other/made'];
  logs.on(DescribeLogGroupsCommand).callsFake(({ logGroupNamePrefix }: { logGroupNamePrefix: string }) => ({
    logGroups: groups
      .filter((name) => name.startsWith(logGroupNamePrefix))
      .map((logGroupName) => ({ logGroupName, retentionInDays: 30 })),
  }));
  const read = connectLogGroups('cordon-dev', { region: 'eu-west-1' });

  expect(await Promise.all([...groups, '/aws/lambda/cordon-dev-c'].map(read))).toEqual([
    { retention: 30 },
    { retention: 30 },
    { retention: 30 },
    undefined,
  ]);
  expect(logs.commandCalls(DescribeLogGroupsCommand)).toHaveLength(2);
});
