import { mostResumedAMinute } from '../../../shared/domain/case/timers';

/** Cordon's need of a quota of AWS IoT Core. */
export interface QuotaNeed {
  /** The code in Service Quotas (docs/facts.md#quotas). */
  readonly code: string;
  readonly name: string;
  /** The documented value for us-east-1; absent if AWS documents none. */
  readonly byDefault?: number;
  readonly needed: number;
  /** What needs it. */
  readonly because: string;
  /** What happens above the quota. */
  readonly otherwise: string;
}

export interface FleetFacts {
  readonly things: number;
  /** How many things Cordon contains at once before it asks people. */
  readonly mostContained: number;
  /** Cordon evaluates the reports, with a rule that receives them and a reply to each. */
  readonly isDetector: boolean;
}

interface CallsOf {
  readonly code: string;
  readonly byDefault?: number;
  readonly containment: number;
  readonly verification: number;
}

/** Calls of the control plane for each containment, and for each verification of a held thing; held by `test/e2e/costs.test.ts`. */
export const iotCalls: Readonly<Record<string, CallsOf>> = {
  DescribeThing: { code: 'L-0EF0F5EE', byDefault: 350, containment: 1, verification: 1 },
  ListThingGroupsForThing: { code: 'L-75F129AD', byDefault: 100, containment: 2, verification: 2 },
  // Sources disagree: 10 and 20.
  ListThingPrincipals: { code: 'L-FC3EF4D9', byDefault: 10, containment: 1, verification: 1 },
  ListPrincipalThings: { code: 'L-C481616A', byDefault: 10, containment: 1, verification: 1 },
  ListAttachedPolicies: { code: 'L-B2DA2A45', byDefault: 15, containment: 1, verification: 1 },
  GetPolicy: { code: 'L-5CE9072D', byDefault: 10, containment: 1, verification: 0 },
  AddThingToThingGroup: { code: 'L-2904683A', byDefault: 100, containment: 1, verification: 0 },
  TestAuthorization: { code: 'L-31D9CC26', containment: 1, verification: 1 },
  // Of `untilPoliciesSpread: deactivate-certificate` and of what the quarantine group does not bind.
  AttachPolicy: { code: 'L-CA7D4E3E', byDefault: 15, containment: 1, verification: 0 },
  DescribeCertificate: { code: 'L-FC864907', byDefault: 10, containment: 1, verification: 1 },
  UpdateCertificate: { code: 'L-77B523DC', byDefault: 10, containment: 1, verification: 0 },
};

/** The last thing of a storm must not wait longer for AWS. */
const stormSeconds = 60;
const reportSeconds = 300;
/** After three intervals without a report, Cordon announces that an agent is silent. */
const silentSeconds = 900;
/** The agent connects beside the application. */
const connectionsOfThing = 2;

/** What a fleet needs, with the largest storm and the fullest sweep at once. */
export function listNeeds({ things, mostContained, isDetector }: FleetFacts): QuotaNeed[] {
  const calls = Object.entries(iotCalls).map(([name, { containment, verification, ...quota }]) => ({
    ...quota,
    name: `${name} API TPS`,
    needed: Math.ceil(
      (containment * mostContained) / stormSeconds + (verification * mostResumedAMinute) / 60,
    ),
    because: `${mostContained} things contained within a minute and ${mostResumedAMinute} verified`,
    otherwise: 'AWS refuses calls above it, and the last thing of a storm is contained minutes later.',
  }));
  const reports = things / reportSeconds;
  const connects = (things * connectionsOfThing) / silentSeconds;
  const message = (code: string, name: string, byDefault: number, needed: number, because: string) => ({
    ...{ code, name, byDefault, needed: Math.ceil(needed), because },
    otherwise: 'AWS drops reports, and Cordon sees less of the fleet.',
  });
  return [
    ...calls,
    message(
      ...(['L-4B33E451', 'Inbound publish requests per second per account', 20_000] as const),
      isDetector ? 2 * reports : reports,
      `a report of each thing in ${reportSeconds} s${isDetector ? ', and the reply to it' : ''}`,
    ),
    message(
      ...(['L-FE4EDCF9', 'Outbound publish requests per second per account', 20_000] as const),
      reports,
      `a reply to each thing in ${reportSeconds} s`,
    ),
    message(
      ...(['L-5E9B88DA', 'Rule evaluations per second per AWS account', 20_000] as const),
      (isDetector ? reports : 0) + connects,
      'the rules of Cordon for reports and connects',
    ),
    {
      ...{ code: 'L-AEA1E176', name: 'Connect requests per second per account', byDefault: 500 },
      needed: Math.ceil(connects),
      because: `the agents and applications of the whole fleet, back within ${silentSeconds / 60} minutes of an outage`,
      otherwise: 'Cordon reports agents as silent that only wait to connect.',
    },
    {
      ...{
        code: 'L-75CAB723',
        name: 'Maximum concurrent client connections per account',
        byDefault: 500_000,
      },
      needed: things * connectionsOfThing,
      because: 'each agent beside its application',
      otherwise: 'AWS refuses the connections above it, of agents and of applications.',
    },
  ];
}
