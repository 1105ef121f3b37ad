import { DescribeAccountAuditConfigurationCommand, type IoTClient } from '@aws-sdk/client-iot';
import type { AuditState } from '../checks/audits';

export function connectAudits(iot: IoTClient) {
  return {
    async readAudits(): Promise<AuditState> {
      const { auditNotificationTargetConfigurations: targets = {}, auditCheckConfigurations: checks = {} } =
        await iot.send(new DescribeAccountAuditConfigurationCommand({}));
      const { targetArn: topic, roleArn: role = '', enabled = false } = targets.SNS ?? {};
      return {
        ...(topic && { target: { topic, role, isEnabled: enabled } }),
        enabledChecks: Object.entries(checks).flatMap(([name, { enabled: isOn }]) => (isOn ? [name] : [])),
      };
    },
  };
}
