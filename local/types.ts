/** The account and region the local stack pretends to be. */
export interface AwsIdentity {
  readonly partition: 'aws';
  readonly accountId: string;
  readonly region: string;
}

/** Who made a request, found by the access key of its SigV4 header. */
export interface Caller {
  readonly accessKeyId: string;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/FUNCTION`, or `arn:aws:iam::ACCOUNT:user/local-operator`. */
  readonly arn: string;
  /** The function that runs under this key; absent for the operator, who may do everything. */
  readonly functionName?: string;
  /** The principal of a service of AWS, such as `events.amazonaws.com`; `arn` is then what it calls for. */
  readonly service?: string;
}

/** One request to the gateway, whole; `service` is the SigV4 service of its credential scope. */
export interface ApiRequest {
  readonly service: string;
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly caller: Caller;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What IAM is asked for one request: `iot:DescribeThing` on each of `resources` (`['*']` if IAM knows none). */
export interface IamRequest {
  readonly action: string;
  readonly resources: readonly string[];
  /** Rights beside that of the action itself. */
  readonly alsoNeeds?: readonly string[];
  /** Further requests, to another service. */
  readonly alsoAsks?: IamRequest;
  /** The policy of the resource itself, which names who it is about. */
  readonly ofResource?: PolicyDocument;
  /** Condition keys of the service itself, in lower case. */
  readonly keys?: ReadonlyMap<string, string>;
}

/** One emulated AWS service behind the gateway. */
export interface ServiceHandler {
  /** Names the operation of a request for IAM, or undefined if the service does not emulate it. */
  identify(request: ApiRequest): IamRequest | undefined;
  /** What AWS calls an operation that the service does not emulate, if its request does not say. */
  nameOperation?(request: ApiRequest): string | undefined;
  handle(request: ApiRequest): Promise<ApiResponse>;
}

/** Plain-line log of the local stack. */
export interface LocalLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}
