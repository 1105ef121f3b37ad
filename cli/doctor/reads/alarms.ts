import { CloudWatchClient, GetMetricDataCommand, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import type { AlarmState } from '../checks/alarms';

const hourMs = 3_600_000;

export function connectAlarms(settings: object) {
  const cloudWatch = new CloudWatchClient(settings);

  return {
    async listAlarms(prefix: string): Promise<AlarmState[]> {
      const found: AlarmState[] = [];
      for await (const { MetricAlarms = [] } of paginateDescribeAlarms(
        { client: cloudWatch },
        { AlarmNamePrefix: `${prefix}-`, StateValue: 'ALARM' },
      ))
        for (const { AlarmName = '', AlarmDescription = '' } of MetricAlarms)
          found.push({ name: AlarmName, description: AlarmDescription });
      return found;
    },

    async countErrors(functionNames: readonly string[], now: number): Promise<ReadonlyMap<string, number>> {
      const MetricDataQueries = functionNames.map((name, index) => ({
        Id: `f${index}`,
        MetricStat: {
          Metric: {
            Namespace: 'AWS/Lambda',
            MetricName: 'Errors',
            Dimensions: [{ Name: 'FunctionName', Value: name }],
          },
          Period: 3_600,
          Stat: 'Sum',
        },
      }));
      const { MetricDataResults = [] } = await cloudWatch.send(
        new GetMetricDataCommand({
          MetricDataQueries,
          StartTime: new Date(now - hourMs),
          EndTime: new Date(now),
        }),
      );
      return new Map(
        MetricDataResults.map(({ Id = 'f0', Values = [] }) => [
          functionNames[Number(Id.slice(1))] ?? '',
          Values.reduce((sum, value) => sum + value, 0),
        ]),
      );
    },
  };
}
