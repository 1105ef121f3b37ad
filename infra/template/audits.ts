import { takesAudits } from '../../shared/config/audits';
import type { Configuration } from '../../shared/domain/configuration';
import { allow, arn, arnOf, inlinePolicy, type Resources, ref, trust, type Value } from './cloudformation';
import { allowKey } from './encryption';

type Sources = Pick<Configuration, 'sources'>;

/**
 * The role with which Device Defender Audit announces its end. The configuration of Audit is one for the account, which may
 * have it already, so that the stack does not touch it (docs/audit-findings.md).
 */
export function writeAuditRole(configuration: Sources): Resources {
  if (!takesAudits(configuration)) return {};
  return {
    AuditRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        // The source is the account itself, not a resource of it (developer guide, "Cross-service confused deputy prevention").
        AssumeRolePolicyDocument: trust('iot.amazonaws.com', arn('iot', '*')),
        Policies: inlinePolicy('audit', [allow('sns:Publish', ref('AlertsTopic')), allowKey()]),
      },
    },
  };
}

export function writeAuditOutput(configuration: Sources): Readonly<Record<string, Value>> {
  return takesAudits(configuration)
    ? {
        AuditRoleArn: {
          Value: arnOf('AuditRole'),
          Description: 'With it, Device Defender Audit publishes to the alerts topic',
        },
      }
    : {};
}
