/** The present state of a resource by its service; nothing if it does not exist. */
export interface PresentResources {
  readRole(name: string): Promise<PresentRole | undefined>;
  /** An empty document if there is none; nothing if there is no queue. */
  readQueuePolicy(queueUrl: string): Promise<unknown>;
  readTopic(topicArn: string): Promise<PresentTopic | undefined>;
  readSubscription(arn: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** In the words of the template. */
  readTopicRule(name: string): Promise<object | undefined>;
  readEventRule(name: string): Promise<PresentEventRule | undefined>;
  readFunctionSettings(name: string): Promise<object | undefined>;
  readAlarm(name: string): Promise<object | undefined>;
  readQueueSettings(queueUrl: string): Promise<Readonly<Record<string, string>> | undefined>;
  readTable(name: string): Promise<PresentTable | undefined>;
  /** The source that feeds a function, by the id of the mapping. */
  readEventSource(functionName: string, id: string): Promise<object | undefined>;
  /** Who may invoke a function; an empty document if nobody may. */
  readFunctionPolicy(functionName: string): Promise<unknown>;
  readHttpApi(apiId: string): Promise<PresentHttpApi | undefined>;
  readLogGroup(name: string): Promise<PresentLogGroup | undefined>;
  readBucket(name: string): Promise<PresentBucket | undefined>;
  /** In the words of the template, as the two below. */
  readCustomMetric(name: string): Promise<object | undefined>;
  readSecurityProfile(name: string): Promise<PresentSecurityProfile | undefined>;
  readMitigationAction(name: string): Promise<object | undefined>;
}

interface PresentTopic {
  /** Nothing if the service shows none. */
  readonly policy?: unknown;
  readonly key?: string;
}

type Part = Readonly<Record<string, unknown>>;

/** In the words of the template. */
export interface PresentHttpApi {
  readonly api: Part;
  readonly routes: readonly Part[];
  readonly authorizers: readonly Part[];
  readonly integrations: readonly Part[];
  readonly stages: readonly Part[];
}

export interface PresentSecurityProfile {
  readonly behaviors: readonly Part[];
  readonly alertTargets: Part;
  readonly retained: readonly Part[];
  /** ARNs of what it is attached to. */
  readonly targets: readonly string[];
}

interface PresentLogGroup {
  /** In days; absent if logs are kept for ever. */
  readonly retention?: number;
  readonly key?: string;
}

export interface PresentBucket {
  /** The algorithm. */
  readonly encryption?: string;
  readonly publicAccessBlock: Readonly<Record<string, unknown>>;
  /** An empty document if there is none. */
  readonly policy: unknown;
}

export interface PresentRole {
  readonly trust: unknown;
  readonly policies: ReadonlyMap<string, unknown>;
  /** ARNs of policies that stand on their own. */
  readonly attached: readonly string[];
  readonly boundary?: string;
}

export interface PresentTable {
  readonly indexes: readonly string[];
  readonly expires?: string;
  readonly hasRecovery: boolean;
  readonly isOnDemand: boolean;
}

interface PresentEventRule {
  readonly state: string;
  /** The schedule; empty if the rule has a pattern. */
  readonly expression: string;
  readonly pattern?: unknown;
  readonly targets: readonly string[];
}
