import type { Answers } from '../../shared/domain/asking';
import type { DetectionQuestions } from '../../shared/domain/detection/questions';
import type { Membership } from '../../shared/domain/detection/state';
import type { ThingKey } from '../../shared/domain/thing-ref';
import { isNotFound } from '../../shared/errors';
import type { Things } from '../../shared/ports/aws';
import type { Clock, Log } from '../../shared/ports/runtime';
import type { Fleet, SilenceStore } from '../../shared/ports/storage';
import type { SilenceRun } from './silences';

export interface AnswerNeedsPorts {
  readonly fleet: Fleet;
  readonly things: Pick<Things, 'listGroups' | 'listPrincipals'>;
  readonly silences: Pick<SilenceStore, 'isHeld'>;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Answers the questions of the rules about a thing. It asks the registry only once, however many triggers need the
 * answer.
 */
export function createAnswers(ports: AnswerNeedsPorts) {
  const owns = rememberOwners(ports);
  return (thingName: ThingKey, run: Pick<SilenceRun, 'isAlone'> | undefined): Answers<DetectionQuestions> => {
    let membership: Promise<Membership> | undefined;
    return {
      membership: () => {
        membership ??= readMembership(thingName, ports);
        return membership;
      },
      owner: ({ principal }) => owns(thingName, principal),
      distribution: ({ metric, durationSeconds, window }) =>
        ports.fleet.read(metric, durationSeconds, window),
      held: () => ports.silences.isHeld(thingName),
      alone: () => run?.isAlone() ?? true,
    };
  };
}

const askAgainMs = 300_000;
const maxAnswers = 5_000;

/** Whether a certificate is attached to a thing; the answer is cached for a while. */
function rememberOwners({ things, log, clock }: AnswerNeedsPorts) {
  const answers = new Map<string, { readonly isOwner: boolean; readonly at: number }>();
  return async (thingName: string, principal: string): Promise<boolean> => {
    const key = `${thingName} ${principal}`;
    const known = answers.get(key);
    if (known && clock() - known.at < askAgainMs) return known.isOwner;
    try {
      const principals = await things.listPrincipals(thingName);
      const isOwner = principals.some((arn) => arn.endsWith(`:cert/${principal}`));
      if (answers.size >= maxAnswers) answers.clear();
      answers.set(key, { isOwner, at: clock() });
      return isOwner;
    } catch (error) {
      if (!isNotFound(error))
        log.warn('the owner of the reporting certificate is unknown', { thingName, error });
      return false;
    }
  };
}

async function readMembership(thingName: string, { things }: AnswerNeedsPorts): Promise<Membership> {
  try {
    return { registered: true, groups: await things.listGroups(thingName) };
  } catch (error) {
    // A report may name a thing that doesn't exist; a retry would not help.
    if (isNotFound(error)) return { registered: false, groups: [] };
    throw error;
  }
}
