import {
  type AwsSecurityFinding,
  BatchImportFindingsCommand,
  BatchUpdateFindingsCommand,
  SecurityHubClient,
  type SeverityLabel,
  type WorkflowStatus,
} from '@aws-sdk/client-securityhub';

export type SecurityFinding = AwsSecurityFinding;
export type FindingSeverity = SeverityLabel;
export type FindingWorkflow = WorkflowStatus;

export interface SecurityHub {
  /** Creates the finding, or updates it if its `UpdatedAt` is later. Throws AWS's refusal, named by its error code. */
  importFinding(finding: SecurityFinding): Promise<void>;
  /** Sets the part of an existing finding that an import can't change. */
  setWorkflow(finding: Pick<SecurityFinding, 'Id' | 'ProductArn'>, status: FindingWorkflow): Promise<void>;
}

/** The caller retries, so the client gives up at once. */
export function connectSecurityHub(client = new SecurityHubClient({ maxAttempts: 1 })): SecurityHub {
  return {
    async importFinding(finding) {
      const { FailedFindings = [] } = await client.send(
        new BatchImportFindingsCommand({ Findings: [finding] }),
      );
      for (const failed of FailedFindings) throw nameError(failed);
    },
    async setWorkflow({ Id, ProductArn }, status) {
      const { UnprocessedFindings = [] } = await client.send(
        new BatchUpdateFindingsCommand({
          FindingIdentifiers: [{ Id, ProductArn }],
          Workflow: { Status: status },
        }),
      );
      for (const failed of UnprocessedFindings) throw nameError(failed);
    },
  };
}

function nameError({ ErrorCode = 'InternalFailure', ErrorMessage = 'no reason' }: Failed): Error {
  const error = new Error(ErrorMessage);
  error.name = ErrorCode;
  return error;
}

interface Failed {
  readonly ErrorCode?: string | undefined;
  readonly ErrorMessage?: string | undefined;
}
