/** One Lambda function as the template describes it, with its code found on disk. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** `path/to/module.export`, as Lambda reads it. */
  readonly handler: string;
  readonly runtime: string;
  /** The packaged `.zip`, or a folder with the same content. */
  readonly codePath: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly reservedConcurrency?: number;
  readonly logGroupName: string;
}

export interface FunctionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** A mapping from an SQS queue to a function. */
export interface EventSourceDefinition {
  readonly id: string;
  readonly functionName: string;
  readonly roleArn: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly maximumBatchingWindowSeconds: number;
  readonly maximumConcurrency?: number;
  readonly reportsBatchItemFailures: boolean;
  readonly enabled: boolean;
}

/** Who may invoke a function, and for what. */
export interface InvokePermission {
  readonly functionArn: string;
  readonly principal: string;
  readonly sourceArn?: string;
}

export interface ScheduleDefinition {
  readonly name: string;
  readonly arn: string;
  /** `rate(1 minute)` */
  readonly expression: string;
  readonly service: 'events' | 'scheduler';
  readonly functionName: string;
  /** Constant JSON text that replaces the scheduled event. */
  readonly input?: string;
  readonly enabled: boolean;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: readonly string[];
}

export type InvocationOutcome =
  | { readonly status: 'succeeded'; readonly requestId: string /** JSON text */; readonly payload: string }
  | { readonly status: 'failed'; readonly requestId: string; readonly error: FunctionError };
