import type { Differences } from '../as-deployed/judge';
import { judges } from '../as-deployed/judges';
import type { PresentResources } from '../as-deployed/present';
import { type DeployedResource, type DeployedTemplate, resolveResources } from '../as-deployed/template';
import { type Check, changedByHand, describeFailure, type Finding } from '../finding';

const about = 'as deployed';
/** At most this many differences of one resource are shown. */
const mostShown = 3;

/** The parts that do harm if somebody changed them by hand since the last deploy. A deploy does not put them back. */
export function checkAsDeployed(
  readTemplate: () => Promise<DeployedTemplate | undefined>,
  present: PresentResources,
  isLocal = false,
): Check {
  return {
    about,
    async run(): Promise<Finding[]> {
      const template = await readTemplate();
      if (!template) return [];
      const all = resolveResources(template);
      const watched = all.filter(({ type }) => judges[type]);
      const found = await Promise.all(watched.map((resource) => judge(resource, present, all, isLocal)));
      const changed = found.flatMap(({ findings }) => findings);
      const unread = describeUnread(found.flatMap(({ failure }) => failure ?? []));
      const read = found.filter(({ failure }) => failure === undefined).length;
      return [
        ...changed,
        ...unread,
        ...(changed.length === 0
          ? [{ level: 'ok' as const, about, what: `${read} resources are as they were deployed` }]
          : []),
      ];
    },
  };
}

interface Judged {
  readonly findings: readonly Finding[];
  readonly failure?: { readonly type: string; readonly what: string };
}

async function judge(
  resource: DeployedResource,
  present: PresentResources,
  all: readonly DeployedResource[],
  isLocal: boolean,
): Promise<Judged> {
  const { type, logicalId, physicalId } = resource;
  const of = judges[type];
  const word = of?.word ?? type;
  try {
    const differences = (await of?.judge(resource, present, all)) ?? [];
    const id = physicalId.slice(physicalId.lastIndexOf('/') + 1);
    const name = of?.name?.(resource) ?? (id.includes(':') ? logicalId : id);
    return { findings: describe(`${word} ${name}`, differences) };
  } catch (error) {
    const what = describeFailure(error, isLocal ? of?.unknownLocally : undefined);
    return { findings: [], failure: { type: word, what } };
  }
}

/** Faults that one page repairs are one finding, and each of the others is one with its command. */
function describe(subject: string, differences: Differences): Finding[] {
  const texts = differences.filter((one) => typeof one === 'string');
  const more = texts.length - mostShown;
  const shown = `${texts.slice(0, mostShown).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
  const why = 'Somebody changed it since the last deploy: a part of Cordon may not work.';
  const together = texts.length === 0 ? [] : [{ what: shown, mend: changedByHand }];
  const alone = differences.filter((one) => typeof one !== 'string');
  return [...together, ...alone].map(({ what, ...rest }) => ({
    ...{ level: 'problem' as const, about, what: `${subject}: ${what}`, why },
    ...rest,
  }));
}

/** One finding for each type and reason, since what can't be read of one can't be read of the others. */
function describeUnread(failures: readonly { readonly type: string; readonly what: string }[]): Finding[] {
  const texts = new Set(failures.map(({ type, what }) => `${type}: ${what}`));
  return [...texts].map((what) => ({ level: 'unknown', about, what }));
}
