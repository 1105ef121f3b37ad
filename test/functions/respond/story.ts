import { createEngine } from '../../../functions/respond/engine';
import type { ActionOptions } from '../../../functions/respond/perform';
import type { Case } from '../../../shared/domain/case/case';
import type { Command } from '../../../shared/domain/decide/command';
import type { Violation } from '../../../shared/domain/findings/violation';
import { type CaseInWords, describeCase } from '../../../shared/domain/messages/describe-case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aConfiguration, aViolation } from '../../builders';
import type { World } from '../../world';

export function alarm(over: Partial<Violation> = {}): Command {
  const violation = aViolation(over);
  return { type: 'violation', thingName: thingKey(violation.thingName), violation };
}

export function operator(
  type: 'release' | 'contain' | 'approve' | 'dismiss',
  thingName = 'mything1',
): Command {
  // Most of these things are still in alarm.
  return {
    type,
    thingName: thingKey(thingName),
    actor: 'ada',
    comment: 'checked',
    ...(type === 'release' && { force: true }),
  };
}

export const resume: Command = { type: 'resume', thingName: thingKey('mything1') };

/** Takes commands as `respond` does, each with an id of its own unless one is given. */
export function anEngine({ ports }: World, over: Partial<ActionOptions> = {}) {
  const engine = createEngine(ports, {
    configuration: aConfiguration(),
    policyCacheMs: 0,
    denyPolicyName: 'cordon-quarantine',
    denyDocument: '{"deny":true}',
    ...over,
  });
  let count = 0;
  return (command: Command, { id = `auto-${count++}`, attempt = 1 } = {}) => engine(command, id, attempt);
}

export function caseOf({ stored }: World, thingName = 'mything1'): Case {
  const found = stored.items.get(thingName);
  if (!found) throw new Error(`no case of ${thingName}`);
  return found.value;
}

/** The case as people are shown it. */
export function shownCaseOf(world: World, thingName?: string): CaseInWords {
  return describeCase(caseOf(world, thingName));
}

export function groupsOf({ registered }: World, thingName = 'mything1'): string[] {
  return [...registered.find(thingName).groups];
}

/** What the timeline says of the thing's case, in order. */
export function readStory({ stored }: World): string[] {
  return [...stored.timeline.values()].flatMap(({ entries }) => entries.map(({ what }) => what));
}

export const isIoT = (call: string) => call.startsWith('things.') || call.startsWith('connections.');

const writing = new Set(['cases.save', 'cases.appendTimeline', 'cases.archive', 'fleetLimit.reserve']);
export const isWrite = (call: string) => writing.has(call);
