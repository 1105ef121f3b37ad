import { judges } from '../as-deployed/judges';
import type { PresentResources } from '../as-deployed/present';
import { type DeployedResource, type DeployedTemplate, resolveResources } from '../as-deployed/template';
import { type Check, changedByHand, describeFailure, type Finding } from '../finding';

const about = 'as deployed';
/** Of the differences of one resource. */
const mostShown = 3;

/** The parts that do harm where somebody changed them by hand since the last deploy. A deploy does not put them back. */
export function checkAsDeployed(
  readTemplate: () => Promise<DeployedTemplate | undefined>,
  present: PresentResources,
): Check {
  return {
    about,
    async run(): Promise<Finding[]> {
      const template = await readTemplate();
      if (!template) return [];
      const watched = resolveResources(template).filter(({ type }) => judges[type]);
      const found = await Promise.all(watched.map((resource) => judge(resource, present)));
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

async function judge(resource: DeployedResource, present: PresentResources): Promise<Judged> {
  const { type, logicalId, physicalId } = resource;
  const word = judges[type]?.word ?? type;
  try {
    const differences = (await judges[type]?.judge(resource, present)) ?? [];
    const name = physicalId.slice(physicalId.lastIndexOf('/') + 1);
    if (differences.length === 0) return { findings: [] };
    const shown = differences.slice(0, mostShown).join('; ');
    const more = differences.length - mostShown;
    const finding: Finding = {
      level: 'problem',
      about,
      what: `${word} ${name.includes(':') ? logicalId : name}: ${shown}${more > 0 ? `; and ${more} more` : ''}`,
      why: 'Somebody changed it since the last deploy: a part of Cordon may not do what it should.',
      mend: changedByHand,
    };
    return { findings: [finding] };
  } catch (error) {
    return { findings: [], failure: { type: word, what: describeFailure(error) } };
  }
}

/** One finding for each type and reason, since what can't be read of one can't be read of the others. */
function describeUnread(failures: readonly { readonly type: string; readonly what: string }[]): Finding[] {
  const texts = new Set(failures.map(({ type, what }) => `${type}: ${what}`));
  return [...texts].map((what) => ({ level: 'unknown', about, what }));
}
