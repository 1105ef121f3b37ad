import { type Check, describeFailure, type Finding } from '../finding';
import { type FleetFacts, listNeeds, type QuotaNeed } from '../quotas/needs';

/** A quota of the account, by its code. */
export interface Quota {
  readonly name: string;
  readonly value: number;
  readonly isAdjustable: boolean;
}

const about = 'IoT quotas';

/**
 * The quotas of AWS IoT Core against what Cordon needs of them for this fleet. Where they can't be read, the documented defaults
 * are compared, and a finding says so.
 */
export function checkQuotas(
  read: () => Promise<ReadonlyMap<string, Quota>>,
  readFacts: () => Promise<FleetFacts>,
): Check {
  return {
    about,
    async run(): Promise<Finding[]> {
      const [facts, applied] = await Promise.all([readFacts(), readOr(read)]);
      const needs = listNeeds(facts);
      const problems = needs.flatMap((need) => judge(need, applied.quotas.get(need.code)));
      const judged = needs.filter((need) => limitOf(need, applied.quotas) !== undefined);
      return [
        ...problems,
        ...(applied.failure ? [describeUnread(applied.failure)] : []),
        ...(problems.length === 0 ? [describeClosest(judged, applied.quotas, facts.things)] : []),
      ];
    },
  };
}

async function readOr(read: () => Promise<ReadonlyMap<string, Quota>>) {
  try {
    return { quotas: await read() };
  } catch (error) {
    return { quotas: new Map<string, Quota>(), failure: describeFailure(error) };
  }
}

const describeUnread = (failure: string): Finding => ({
  level: 'unknown',
  about,
  what: `${failure}; the documented defaults of us-east-1 were compared instead`,
});

function limitOf({ code, byDefault }: QuotaNeed, quotas: ReadonlyMap<string, Quota>): number | undefined {
  return quotas.get(code)?.value ?? byDefault;
}

/** Other users of the account call AWS IoT too, so a need of more than half is a note. */
function judge(need: QuotaNeed, quota: Quota | undefined): Finding[] {
  const { code, byDefault, needed, because, otherwise } = need;
  const limit = quota?.value ?? byDefault;
  const wanted = 2 * needed;
  if (limit === undefined || limit >= wanted) return [];
  const name = quota?.name ?? need.name;
  return [
    {
      level: limit < needed ? 'problem' : 'note',
      about,
      what: `${name}: the account has ${limit}, and Cordon needs ${needed} (${because})`,
      why:
        limit < needed
          ? otherwise
          : `Cordon may take more than half, and the rest of the account shares it. Above it: ${otherwise}`,
      mend:
        quota?.isAdjustable === false
          ? 'docs/doctor.md#iot-quotas'
          : `aws service-quotas request-service-quota-increase --service-code iotcore --quota-code ${code} --desired-value ${wanted}`,
    },
  ];
}

function describeClosest(
  needs: readonly QuotaNeed[],
  quotas: ReadonlyMap<string, Quota>,
  things: number,
): Finding {
  const share = (need: QuotaNeed) => need.needed / (limitOf(need, quotas) ?? 0);
  const [closest] = needs.toSorted((one, other) => share(other) - share(one));
  const fleet = things === 0 ? 'a fleet that was not counted yet' : `a fleet of ${things} things`;
  return {
    level: 'ok',
    about,
    what: `${needs.length} quotas are enough for ${fleet}${
      closest ? `; the closest is ${closest.name}, ${closest.needed} of ${limitOf(closest, quotas)}` : ''
    }`,
  };
}
