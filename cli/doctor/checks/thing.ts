import type { DetectState } from '../../../shared/domain/detection/state';
import { escapesGroupPolicy } from '../../../shared/domain/guards/connect-rights';
import { agentClientId } from '../../../shared/domain/text';
import { isOlder } from '../../version';
import type { Check, Finding } from '../finding';

export interface ThingState {
  readonly groups: readonly string[];
  readonly principals: readonly {
    readonly certificateId: string;
    readonly status: string;
    /** The documents of its policies, except the deny policy of the quarantine. */
    readonly documents: readonly string[];
    /** It has the deny policy itself. */
    readonly isDenied: boolean;
    /** Other things that have the certificate. */
    readonly sharedWith: readonly string[];
    /** The case of one of those holds it. */
    readonly isHeldForOther?: boolean;
  }[];
  readonly agent?: DetectState['agent'];
  /** A case holds the thing: its certificate may be INACTIVE on purpose. */
  readonly isHeld: boolean;
}

/** A thing is in ten groups at most (AWS IoT quotas). */
const mostGroups = 10;

/**
 * What would weaken the containment of a thing, or hide its behavior. `agentVersion` is the version of the newest
 * agent; without it, no agent is expected. `read` resolves to nothing if there is no such thing.
 */
export function checkThing(
  thingName: string,
  quarantineGroup: string,
  agentVersion: string | undefined,
  read: () => Promise<ThingState | undefined>,
): Check {
  return {
    about: thingName,
    async run(): Promise<Finding[]> {
      const thing = await read();
      if (!thing)
        return [
          {
            level: 'problem',
            about: thingName,
            what: 'there is no such thing',
            why: 'It can’t be contained.',
            mend: `npx cordon enroll ${thingName}`,
          },
        ];
      const found = [
        ...judgeCertificates(thingName, thing, quarantineGroup),
        ...judgeGroups(thingName, thing, quarantineGroup),
        ...(agentVersion === undefined ? [] : judgeAgent(thingName, thing, agentVersion)),
      ];
      return found.length > 0
        ? found
        : [{ level: 'ok', about: thingName, what: 'nothing prevents a containment' }];
    },
  };
}

function judgeCertificates(
  about: string,
  { principals, groups, isHeld }: ThingState,
  quarantineGroup: string,
): Finding[] {
  if (principals.length === 0)
    return [
      {
        level: 'problem',
        about,
        what: 'it has no certificate',
        why: 'Cordon can’t attribute reports to it, and has no certificate to deny.',
        mend: `npx cordon enroll ${about}`,
      },
    ];
  // A policy of a group binds the things in it.
  const isInGroup = groups.some((group) => group !== quarantineGroup);
  return principals.flatMap((certificate) =>
    judgeCertificate(about, certificate, isHeld || certificate.isHeldForOther === true, isInGroup),
  );
}

function judgeCertificate(
  about: string,
  { certificateId, status, documents, isDenied, sharedWith }: ThingState['principals'][number],
  isHeld: boolean,
  isInGroup: boolean,
): Finding[] {
  const name = `certificate ${certificateId.slice(0, 12)}`;
  const found: Finding[] = [];
  if (sharedWith.length > 0)
    found.push({
      level: 'problem',
      about,
      what: `${name} is also used by ${sharedWith.slice(0, 5).join(', ')}`,
      why: 'A containment would affect them too, so Cordon asks first, and the certificate stays ACTIVE.',
      mend: `npx cordon enroll ${about} --rotate --out things/${about}-2`,
    });
  if (status !== 'ACTIVE' && !isHeld)
    found.push({
      level: 'note',
      about,
      what: `${name} is ${status}, and no case holds the thing`,
      why: 'The device can’t connect with it.',
      mend: `npx cordon retire ${about} --dry-run`,
    });
  if (isDenied && !isHeld)
    found.push({
      level: 'note',
      about,
      what: `${name} has the deny policy of the quarantine, and no case holds the thing`,
      why: 'The device is denied, and no release restores it.',
      mend: 'aws iot detach-policy, unless it is intended',
    });
  if (documents.length === 0 && !isInGroup)
    found.push({
      level: 'note',
      about,
      what: `${name} has no policy`,
      why: 'A device with it can’t do anything.',
    });
  else if (
    documents.length > 0 &&
    escapesGroupPolicy(
      documents.map((document) => withoutAgent(document, about)),
      about,
    )
  )
    found.push({
      level: 'note',
      about,
      what: `the policies of ${name} allow more than the quarantine group binds: another client id, or HTTPS`,
      why: 'Cordon denies the certificate itself as well. A policy that allows only the thing’s own client ids makes that unnecessary.',
      mend: 'docs/enrolling.md',
    });
  return found;
}

/** Cordon itself gives the client id of the thing's agent, and cuts it with the thing. */
function withoutAgent(document: string, thingName: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
  const variable = '${iot:Connection.Thing.ThingName}';
  return [variable, thingName].reduce(
    (text, name) => text.replaceAll(`client/${agentClientId(name)}"`, `client/${name}"`),
    document,
  );
}

function judgeGroups(about: string, { groups, isHeld }: ThingState, quarantineGroup: string): Finding[] {
  if (groups.includes(quarantineGroup) && !isHeld)
    return [
      {
        level: 'note',
        about,
        what: `it is in ${quarantineGroup}, and no case holds it`,
        why: 'The device is denied, and no release restores it.',
        mend: `aws iot remove-thing-from-thing-group --thing-group-name ${quarantineGroup} --thing-name ${about}, unless it is intended`,
      },
    ];
  if (groups.includes(quarantineGroup) || groups.length < mostGroups) return [];
  return [
    {
      level: 'note',
      about,
      what: `it is in ${groups.length} thing groups, and AWS IoT allows no more`,
      why: 'Cordon can’t add it to the quarantine group, and denies its certificates instead.',
      mend: 'remove it from a group that it does not need',
    },
  ];
}

function judgeAgent(about: string, { agent }: ThingState, newest: string): Finding[] {
  if (!agent)
    return [
      {
        level: 'note',
        about,
        what: 'its own agent has sent no report',
        why: 'Cordon can’t see what it does.',
        mend: 'docs/agent.md',
      },
    ];
  const found: Finding[] = [];
  if (agent.silentAt !== undefined)
    found.push({
      level: 'problem',
      about,
      what: `its agent has been silent since ${new Date(agent.heardAt).toISOString()}`,
      why: 'Cordon can’t see what it does.',
      mend: 'docs/runbooks/agents-silent.md',
    });
  // Other agents report no health.
  if (agent.health && isOlder(agent.health.version, newest))
    found.push({
      level: 'note',
      about,
      what: `its agent has version ${agent.health.version}, older than ${newest}`,
      why: 'It may lack what the documentation of this version describes.',
      mend: 'docs/agent.md',
    });
  const degraded = agent.health?.degraded ?? [];
  if (degraded.length > 0)
    found.push({
      level: 'note',
      about,
      what: `the view of its agent is incomplete: ${degraded.join(', ')}`,
      mend: `npx cordon agents ${about}`,
    });
  return found;
}
