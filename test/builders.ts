import { parseConfiguration } from '../shared/config/load';
import type { Case } from '../shared/domain/case/case';
import type { Configuration, Playbook } from '../shared/domain/configuration';
import type { Context } from '../shared/domain/decide/decision';
import type { Facts } from '../shared/domain/facts';
import type { Violation } from '../shared/domain/findings/violation';

export const now = 1_795_000_000_000;
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

export function aConfiguration(over: Partial<Configuration> = {}): Configuration {
  return { ...parseConfiguration(minimalConfiguration, 'cordon.yml'), ...over };
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

export function aContext(over: Partial<Context> = {}): Context {
  return {
    thingName: 'mything1',
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

/** A case whose outbox was sent. */
export function flushed(record: Case): Case {
  return { ...record, outbox: { announcements: [], timeline: [] } };
}
