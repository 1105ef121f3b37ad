/** What the console reads of the API's answers. Times are epoch ms. */

export type CaseStatus =
  | 'observed'
  | 'awaiting-approval'
  | 'containing'
  | 'contained'
  | 'containment-failed'
  | 'releasing'
  | 'release-conflict'
  | 'closed';

export type Act = 'contain' | 'approve' | 'reject' | 'release' | 'dismiss';

export interface EvidenceAnswer {
  readonly pid?: number;
  readonly ppid?: number;
  readonly executable?: string;
  readonly commandLine?: string;
  readonly user?: string;
  readonly startedAt?: number;
  readonly parents?: readonly string[];
}

export interface ViolationAnswer {
  readonly key: string;
  readonly metric: string;
  readonly behaviorName?: string;
  readonly lastEventType?: string;
  readonly lastEventAt?: number;
  readonly alarmAt?: number;
  readonly value?: Readonly<Record<string, unknown>>;
  readonly criteria?: string;
  readonly evidence?: readonly EvidenceAnswer[];
  readonly isPartial?: boolean;
  readonly uncounted?: readonly string[];
  readonly excepted?: string;
  readonly reporter?: { readonly clientId: string; readonly principal: string };
}

export interface PossibleAct {
  readonly action: Act;
  readonly description: string;
  /** What it does, to be read after the thing's name. */
  readonly consequence: string;
  readonly emphasis?: 'recommended' | 'dangerous';
  /** What `force` overrides. */
  readonly forcible?: string;
  readonly warning?: string;
}

export interface Restoration {
  readonly action: string;
  readonly object: string;
  readonly name: string;
  readonly now: string;
  readonly before: string;
}

export interface LedgerAnswer {
  readonly action: string;
  readonly status: string;
  readonly detail?: string;
  readonly left?: readonly string[];
  readonly unproven?: boolean;
  readonly standsInFor?: string;
  readonly bridge?: unknown;
  readonly plannedAt?: number;
  readonly appliedAt?: number;
  readonly verifiedAt?: number;
  readonly revertedAt?: number;
}

interface PrincipalAnswer {
  readonly certificateId: string;
  readonly policies: readonly string[];
  readonly sharedWith: readonly string[];
  readonly status?: string;
}

export interface FactsAnswer {
  readonly kind: 'known' | 'unavailable';
  readonly registered?: boolean;
  readonly thingTypeName?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly groups?: readonly string[];
  readonly principals?: readonly PrincipalAnswer[];
  readonly reason?: string;
}

export interface CaseAnswer {
  readonly thingName: string;
  readonly caseId: string;
  readonly status: CaseStatus;
  readonly severity: string;
  readonly detector?: string;
  readonly playbook?: string;
  readonly openedAt: number;
  readonly updatedAt: number;
  readonly containedAt?: number;
  readonly closedAt?: number;
  readonly dueAt?: number;
  readonly reason?: string;
  readonly leftOut?: readonly string[];
  readonly release?: { readonly by?: string; readonly clearedFor?: number; readonly after?: number };
  readonly violations: readonly ViolationAnswer[];
  readonly ledger: readonly LedgerAnswer[];
  readonly facts?: FactsAnswer;
  readonly acts: readonly Act[];
  readonly possible?: readonly PossibleAct[];
  readonly restores?: readonly Restoration[];
  readonly strength?: readonly string[];
  readonly assignee?: string;
  readonly alertToAppliedMs?: number;
  readonly alertToVerifiedMs?: number;
  readonly floods?: readonly Flood[];
}

interface Flood {
  readonly sender: string;
  readonly thingName: string;
  readonly clientId: string;
  readonly since: number;
}

export interface KillSwitch {
  readonly state: string;
  readonly by?: string;
  readonly at?: string;
  readonly reason?: string;
}

export interface ListedCase {
  readonly thingName: string;
  readonly caseId: string;
  readonly status: CaseStatus;
  readonly severity: string;
  readonly openedAt?: number;
  readonly updatedAt: number;
  readonly expiresAt?: number;
  readonly releaseAt?: number;
  readonly behaviors?: readonly string[];
  readonly moreBehaviors?: number;
  readonly groups?: readonly string[];
  readonly playbook?: string;
  readonly reason?: string;
  readonly assignee?: string;
}

export interface CaseListAnswer {
  readonly cases: readonly ListedCase[];
  readonly next?: string;
  readonly killSwitch?: KillSwitch;
  readonly floods?: readonly Flood[];
}

export interface CaseGroup {
  readonly status: CaseStatus;
  readonly behaviors: readonly string[];
  readonly cases: number;
  readonly severity: string;
  readonly firstOpenedAt: number;
  readonly lastOpenedAt: number;
  readonly firstExpiresAt?: number;
  readonly assigned: number;
  readonly things: readonly string[];
}

export interface SummaryAnswer {
  readonly counts: Partial<Readonly<Record<CaseStatus, number>>>;
  readonly groups: readonly CaseGroup[];
  readonly moreGroups?: number;
  readonly isComplete: boolean;
  readonly countedAt: number;
}

export interface TimelineEntry {
  readonly at: number;
  readonly what: string;
  readonly actor?: string;
  readonly detail?: string;
}

export interface TimelineAnswer {
  readonly thingName: string;
  readonly caseId: string;
  readonly rows: readonly { readonly id: string; readonly entries: readonly TimelineEntry[] }[];
  readonly next?: string;
}

interface Datapoint {
  readonly at: number;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface MetricAnswer {
  readonly thingName: string;
  readonly metric: string;
  readonly from: number;
  readonly to: number;
  readonly datapoints: readonly Datapoint[];
  readonly nextFrom?: number;
}

export interface CommandAnswer {
  readonly command: string;
  readonly thingName: string;
  readonly actor: string;
  readonly commandId: string;
  readonly warning?: string;
}
