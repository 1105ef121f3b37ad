export interface Job {
  readonly jobId: string;
  readonly jobArn: string;
  /** ARNs of things and groups, as they were sent. */
  readonly targets: readonly string[];
  readonly document: string;
  readonly description?: string;
  /** Parts of the request that are kept and given back, but not performed. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'CANCELED';
  readonly forceCanceled?: boolean;
  readonly reasonCode?: string;
  readonly comment?: string;
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  readonly completedAt?: number;
}

export type JobExecutionStatus = 'QUEUED' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'CANCELED';

/** One job on one thing. */
export interface JobExecution {
  readonly jobId: string;
  readonly thingName: string;
  readonly thingArn: string;
  readonly status: JobExecutionStatus;
  readonly statusDetails: Readonly<Record<string, string>>;
  readonly forceCanceled: boolean;
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly lastUpdatedAt: number;
  readonly versionNumber: number;
}
