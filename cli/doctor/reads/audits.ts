import {
  DescribeAccountAuditConfigurationCommand,
  DescribeScheduledAuditCommand,
  type IoTClient,
  paginateListScheduledAudits,
} from '@aws-sdk/client-iot';
import type { AuditSchedule, AuditState } from '../checks/audits';

export function connectAudits(client: IoTClient) {
  /** An account has at most five (docs/facts.md#quotas). */
  async function listSchedules(): Promise<readonly AuditSchedule[]> {
    const names: string[] = [];
    for await (const { scheduledAudits = [] } of paginateListScheduledAudits({ client, pageSize: 250 }, {}))
      names.push(...scheduledAudits.flatMap(({ scheduledAuditName }) => scheduledAuditName ?? []));
    return Promise.all(
      names.map(async (name) => {
        const { targetCheckNames: checks = [] } = await client.send(
          new DescribeScheduledAuditCommand({ scheduledAuditName: name }),
        );
        return { name, checks };
      }),
    );
  }

  return {
    async readAudits(): Promise<AuditState> {
      const [
        { auditNotificationTargetConfigurations: targets = {}, auditCheckConfigurations: checks = {} },
        schedules,
      ] = await Promise.all([client.send(new DescribeAccountAuditConfigurationCommand({})), listSchedules()]);
      const { targetArn: topic, roleArn: role = '', enabled = false } = targets.SNS ?? {};
      return {
        ...(topic && { target: { topic, role, isEnabled: enabled } }),
        enabledChecks: Object.entries(checks).flatMap(([name, { enabled: isOn }]) => (isOn ? [name] : [])),
        schedules,
      };
    },
  };
}
