import type { PossibleAction, Restoration } from '../../shared/api/case';
import type { CaseListAnswer, Summary } from '../../shared/api/lists';

/** The parts of the API's answers that the console reads. Times are epoch ms. */

export type ListedCase = CaseListAnswer['cases'][number];
export type CaseStatus = ListedCase['status'];
export type OperatorAction = PossibleAction['action'];
export type CaseGroup = Summary['groups'][number];
type Flood = NonNullable<CaseListAnswer['floods']>[number];

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
  /** A finding that is no behavior's violation has a kind, and no metric. */
  readonly kind?: 'external' | 'audit';
  readonly words: string;
  readonly metric?: string;
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

export interface LedgerAnswer {
  readonly action: string;
  readonly status: string;
  readonly detail?: string;
  readonly left?: readonly string[];
  readonly unproven?: boolean;
  readonly standsInFor?: string;
  readonly temporary?: unknown;
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

/** An order that waits for a second person. */
export interface PersonRequest {
  readonly action: OperatorAction;
  readonly actor: string;
  readonly expires: number;
  readonly force?: true;
  readonly actions?: readonly string[];
  readonly mine: boolean;
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
  readonly acts: readonly OperatorAction[];
  readonly possible: readonly PossibleAction[];
  readonly restores: readonly Restoration[];
  readonly strength?: readonly string[];
  readonly request?: PersonRequest;
  /** Who decided its present state; absent if a rule did. */
  readonly decided?: { readonly command: string; readonly actor: string; readonly comment?: string };
  readonly assignee?: string;
  readonly alertToAppliedMs?: number;
  readonly alertToVerifiedMs?: number;
  readonly floods?: readonly Flood[];
}

export interface ClosedCasesAnswer {
  readonly cases: readonly (Pick<
    ListedCase,
    'caseId' | 'status' | 'severity' | 'openedAt' | 'containedAt' | 'closedAt' | 'reason'
  > & { readonly violations: readonly { readonly key: string }[] })[];
  readonly damaged?: readonly string[];
  readonly next?: string;
}

export interface KillSwitch {
  readonly state: string;
  readonly by?: string;
  readonly at?: string;
  readonly reason?: string;
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
  /** The behaviors that bound the metric. */
  readonly behaviors?: readonly { readonly behavior: string; readonly criteria?: object }[];
  readonly marks?: readonly {
    readonly at: number;
    readonly kind: 'alarm' | 'contained' | 'released' | 'closed';
  }[];
}

export interface CommandAnswer {
  readonly command: string;
  readonly thingName: string;
  readonly actor: string;
  readonly commandId: string;
  readonly warning?: string;
  readonly secondPerson?: 'asked';
}
