import { parseConfiguration } from '../shared/config/parse';
import type { FileConfiguration } from '../shared/config/schema';
import { resolveNow } from '../shared/domain/asking';
import type { Case, ClosedCase } from '../shared/domain/case/case';
import { completeCase, type UncheckedCase } from '../shared/domain/case/complete-case';
import type { Playbook } from '../shared/domain/configuration';
import type { Command } from '../shared/domain/decide/command';
import * as rules from '../shared/domain/decide/decide';
import type { Context, Decision } from '../shared/domain/decide/decision';
import type { DecisionQuestions } from '../shared/domain/decide/questions';
import type { Facts } from '../shared/domain/facts';
import type { AuditFinding, ExternalFinding } from '../shared/domain/findings/finding';
import type { Violation } from '../shared/domain/findings/violation';
import { describeRefusal } from '../shared/domain/messages/describe-reason';
import { type Account, thingKey } from '../shared/domain/thing-ref';

export const now = 1_795_000_000_000;
/** The account and region of all things of the tests. */
export const account: Account = { account: '000000000000', region: 'us-east-1' };
export const certificateArn = `arn:aws:iot:us-east-1:000000000000:cert/${'a'.repeat(64)}`;

export function aViolation(over: Partial<Violation> = {}): Violation {
  return {
    violationId: '37e18651d207bbc74236c13faf146127',
    thingName: 'mything1',
    securityProfileName: 'myapp-processes',
    behaviorName: 'no-child-processes',
    metric: 'num_child_procs_myapp',
    eventType: 'in-alarm',
    occurredAt: now - 100,
    value: { number: 1 },
    detector: 'cordon',
    ...over,
  };
}

export function anExternalFinding(over: Partial<ExternalFinding> = {}): ExternalFinding {
  return {
    kind: 'external',
    violationId: 'uid-1',
    thingName: 'mything1',
    source: 'siem',
    title: 'Beacon to 203.0.113.9',
    severity: 'high',
    product: 'Acme NDR',
    eventType: 'in-alarm',
    occurredAt: now - 100,
    detector: 'external',
    ...over,
  };
}

export function anAuditFinding(over: Partial<AuditFinding> = {}): AuditFinding {
  return {
    kind: 'audit',
    violationId: 'finding-1',
    thingName: 'mything1',
    check: 'DEVICE_CERTIFICATE_SHARED_CHECK',
    resource: 'a'.repeat(64),
    reason: 'Multiple devices use the certificate',
    severity: 'critical',
    eventType: 'in-alarm',
    occurredAt: now - 100,
    detector: 'audit',
    ...over,
  };
}

type KnownFacts = Extract<Facts, { kind: 'known' }>;

export function someFacts(over: Partial<KnownFacts> = {}): KnownFacts {
  return {
    kind: 'known',
    registered: true,
    attributes: {},
    groups: ['sensors'],
    principals: [
      {
        arn: certificateArn,
        certificateId: 'a'.repeat(64),
        policies: ['device'],
        escapesGroup: false,
        sharedWith: [],
      },
    ],
    ...over,
  };
}

export const minimalConfiguration = `
customMetrics:
  num_child_procs_myapp: { type: number }
securityProfiles:
  myapp-processes:
    targets: [all/registered-things]
    behaviors:
      - name: no-child-processes
        metric: num_child_procs_myapp
        criteria: { comparisonOperator: less-than-equals, value: { number: 0 } }
playbooks:
  - { name: spawned-child, severity: critical, mode: enforce, actions: [quarantine, disconnect] }
guards:
  exempt: [{ thingGroup: life-support }, { attribute: { critical: 'true' } }]
`;

const parsedOnce = parseConfiguration(minimalConfiguration, 'cordon.yml');

export function aConfiguration(over: Partial<FileConfiguration> = {}): FileConfiguration {
  return { ...parsedOnce, ...over };
}

export function aPlaybook(over: Partial<Playbook> = {}): Playbook {
  return {
    name: 'spawned-child',
    when: {},
    severity: 'critical',
    mode: 'enforce',
    actions: ['quarantine', 'disconnect'],
    release: { by: 'operator' },
    ...over,
  };
}

/** The inputs of a decision, and the answers to its questions. */
export interface Situation extends Context {
  readonly facts: Facts;
  readonly fleetLimitReached: boolean;
  readonly fleetLimitTold: boolean;
  readonly reporterHeldBy: readonly string[];
}

/** The case after a command that changes it. */
export function changedBy(
  current: Case | undefined,
  command: Command,
  situation: Partial<Situation> = {},
): Case {
  const decision = decide(current, command, aContext(situation));
  if (decision.outcome !== 'changed') throw new Error(`unchanged: ${describeRefusal(decision.reason)}`);
  return decision.next;
}

/** Decides as `respond` does, with every answer at hand; `asked` notes what was asked. */
export function decide(
  current: Case | undefined,
  command: Command,
  situation: Situation,
  asked: (question: string) => void = () => undefined,
): Decision {
  const { facts, fleetLimitReached, fleetLimitTold, reporterHeldBy, ...context } = situation;
  const answer = <T>(question: keyof DecisionQuestions, value: T) => {
    asked(question);
    return value;
  };
  return resolveNow(rules.decide(current, command, context), {
    facts: () => answer('facts', facts),
    holders: () => answer('holders', reporterHeldBy),
    reservation: () => answer('reservation', !fleetLimitReached),
    fleetNotice: () => answer('fleetNotice', !fleetLimitTold),
  });
}

export function aContext(over: Partial<Situation> = {}): Situation {
  return {
    thingName: thingKey('mything1'),
    configuration: aConfiguration(),
    facts: someFacts(),
    killSwitch: { state: 'off' },
    fleetLimitReached: false,
    fleetLimitTold: false,
    reporterHeldBy: [],
    policyCacheMs: 0,
    denyPolicyName: 'cordon-quarantine',
    denyDocument: '{"deny":true}',
    newCaseId: 'case-1',
    now,
    ...over,
  };
}

/** The questions of a decision, in order. */
export function listQuestions(...[current, command, situation]: Parameters<typeof decide>): string[] {
  const asked: string[] = [];
  decide(current, command, situation, (question) => void asked.push(question));
  return asked;
}

export type CaseChanges = Partial<UncheckedCase>;

/** A case with these changes, completed with the fields that its new status must have. */
export function changeCase(record: Case, changes: CaseChanges): Case {
  return completeCase({ ...record, ...changes });
}

/** The same case, observed, with nothing due. */
export function idle({ dueAt: _dueAt, ...record }: Case): Case {
  return completeCase({ ...record, status: 'observed' });
}

/** The same case, typed as closed; throws if it is open. */
export function closedCase(record: Case): ClosedCase {
  if (record.status !== 'closed') throw new Error(`the case is ${record.status}`);
  return record;
}

/** A case whose outbox was sent. */
export function flushed(record: Case): Case {
  return { ...record, outbox: { announcements: [], timeline: [] } };
}

/** A plain text in place of a detail or a reason, as an earlier release stored it. */
export function words(text: string) {
  return { code: 'text', text } as const;
}
