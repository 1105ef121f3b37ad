import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { findObjection, isStale } from '../../shared/domain/acts';
import type { Act } from '../../shared/domain/command';
import { registryName } from '../../shared/domain/names';
import type { CaseStore, CommandQueue, Metrics } from '../../shared/ports';
import { findCaller, type GroupRule } from './caller';
import {
  answerJson,
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  readBody,
  readJson,
  readThingName,
} from './request';

export interface CommandPorts {
  readonly cases: Pick<CaseStore, 'load'>;
  readonly commands: CommandQueue;
  readonly groupRule: GroupRule;
  readonly metrics: Metrics;
}

/** A comment of 1,000 characters, each of them escaped, and the rest. */
const maxBodyBytes = 16_384;

// Strict, so that a caller who names an actor learns that nobody listens.
const bodySchema = z.strictObject({
  // SQS refuses a message that has one of the two (API reference, SendMessage).
  comment: z.optional(
    z.string().check(z.maxLength(1_000), z.regex(/^[^\uFFFE\uFFFF]*$/, 'has a character that is none')),
  ),
  caseId: z.optional(z.string().check(z.regex(registryName))),
});

/** Sends an operator's command to the thing's mailbox. What becomes of it is told by the case. */
export function sendCommand(act: Act) {
  return async (request: HttpRequest, ports: CommandPorts): Promise<HttpAnswer> => {
    const { actor, mayAct } = findCaller(request, ports.groupRule);
    if (!mayAct) throw new HttpProblem(403, `only members of ${ports.groupRule.group} may ${act}`);
    const thingName = readThingName(request);
    const { comment, caseId } = readJson(readBody(request, maxBodyBytes), bodySchema);
    const objection = await findRefusal(act, thingName, caseId, ports);
    if (objection) throw new HttpProblem(409, `${thingName} ${objection}`);
    const commandId = randomUUID();
    await ports.commands.send({ type: act, thingName, actor, comment, caseId }, commandId);
    ports.metrics.count('CommandSent');
    return answerJson({ command: act, thingName, actor, commandId }, 202);
  };
}

/** What stands in the way by the case as it is stored now; respond, which alone decides, looks again. */
export async function findRefusal(
  act: Act,
  thingName: string,
  caseId: string | undefined,
  { cases }: Pick<CommandPorts, 'cases'>,
): Promise<string | undefined> {
  const record = (await cases.load(thingName))?.value;
  if (isStale(record, caseId)) return `has another case by now, or none: case ${caseId} is closed`;
  return findObjection(act, record);
}
