import {
  CloudWatchLogsClient,
  type LogGroup,
  paginateDescribeLogGroups,
} from '@aws-sdk/client-cloudwatch-logs';

/** Lists the groups of a stack, once for each folder that they are in, as a call for each would be throttled. */
export function connectLogGroups(stackName: string, settings: object) {
  const client = new CloudWatchLogsClient(settings);
  const lists = new Map<string, Promise<ReadonlyMap<string, LogGroup>>>();

  async function list(logGroupNamePrefix: string): Promise<ReadonlyMap<string, LogGroup>> {
    const found = new Map<string, LogGroup>();
    for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, { logGroupNamePrefix }))
      for (const group of logGroups) if (group.logGroupName) found.set(group.logGroupName, group);
    return found;
  }

  return async (name: string) => {
    const common = `${name.slice(0, name.lastIndexOf('/') + 1)}${stackName}-`;
    const prefix = name.startsWith(common) ? common : name;
    const listing = lists.get(prefix) ?? list(prefix);
    lists.set(prefix, listing);
    const group = (await listing).get(name);
    if (!group) return undefined;
    const { retentionInDays: retention, kmsKeyId: key } = group;
    return { ...(retention !== undefined && { retention }), ...(key !== undefined && { key }) };
  };
}
