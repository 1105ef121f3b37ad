import * as z from 'zod/mini';
import '../schema-language';
import { type ActionName, actionNames } from '../actions/registry';
import type { Finding } from '../findings/finding';
import { isHeartbeat } from '../findings/heartbeat';
import type { Violation } from '../findings/violation';
import { heartbeatName } from '../heartbeat';
import { type heartbeatKey, parseThing, type ThingKey } from '../thing-ref';
import { mostCharacters, type OperatorAction, operatorActions } from './operator-actions';

/** Everything that can change a case, one JSON message each on the commands queue, grouped by thing. */
export type Command =
  | { readonly type: 'violation'; readonly thingName: ThingKey; readonly violation: Finding }
  | {
      readonly type: OperatorAction;
      readonly thingName: ThingKey;
      readonly actor: string;
      /** The proven identity of the sender, `SOURCE:ID`; absent if nothing identifies a person. respond accepts it from operate only. */
      readonly person?: string | undefined;
      readonly comment?: string | undefined;
      /** Contains a thing even if it is exempt or others are affected; releases one that would be contained again. */
      readonly force?: boolean | undefined;
      /** Id under which the sender finds a refusal. */
      readonly requestId?: string | undefined;
      /** The person that `assign` names; empty for nobody, absent for the actor. */
      readonly assignee?: string | undefined;
      /** What `harden` adds. */
      readonly actions?: readonly ActionName[] | undefined;
      /** The case that the operator was looking at: in another one the command does nothing. */
      readonly caseId?: string | undefined;
    }
  | {
      readonly type: 'reconnected';
      readonly thingName: ThingKey;
      readonly clientId: string;
      /** Epoch ms, approximate. */
      readonly connectedAt: number;
      /** Orders the sessions of one client. */
      readonly version?: number | undefined;
    }
  /** From the sweep: continue unfinished work; `early`: before it is due, since the denial may be gone. */
  | { readonly type: 'resume'; readonly thingName: ThingKey; readonly early?: boolean | undefined }
  /** From the sweep: the thing is in the quarantine group, and no case says why. */
  | { readonly type: 'drift'; readonly thingName: ThingKey };

export type OperatorCommand = Extract<Command, { actor: string }>;

/** The heartbeat, which changes no case. It looks like a violation, so `respond` of an earlier release can read it. */
export interface HeartbeatCommand {
  readonly type: 'violation';
  readonly thingName: typeof heartbeatKey;
  readonly violation: Violation;
  /** When intake took it, epoch ms. */
  readonly takenAt: number;
}

const thingName = z
  .string()
  .check(z.refine((text) => parseThing(text) !== undefined, 'expected NAME or ACCOUNT/REGION/NAME'));

const operatorCommand = z.object({
  type: z.enum(operatorActions),
  thingName,
  // JSON can hold half a character, which a table may not give back as it was: the timeline's hash would not match.
  actor: z.string().check(
    z.minLength(1),
    z.maxLength(mostCharacters.person),
    z.overwrite((text) => text.toWellFormed()),
  ),
  person: z.optional(z.string().check(z.maxLength(512))),
  comment: z.optional(
    z.string().check(
      z.maxLength(mostCharacters.comment),
      z.overwrite((text) => text.toWellFormed()),
    ),
  ),
  force: z.optional(z.boolean()),
  assignee: z.optional(
    z.string().check(
      z.maxLength(mostCharacters.person),
      z.overwrite((text) => text.toWellFormed()),
    ),
  ),
  actions: z.optional(z.array(z.enum(actionNames)).check(z.maxLength(actionNames.length))),
  requestId: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  caseId: z.optional(z.string().check(z.maxLength(128))),
});

const commandSchema = z.discriminatedUnion('type', [
  // Only intake writes it, after validation; the queue's policy admits no other sender.
  z.object({ type: z.literal('violation'), thingName, violation: z.custom<Finding>(isFinding) }),
  operatorCommand,
  z.object({
    type: z.literal('reconnected'),
    thingName,
    clientId: z.string().check(z.minLength(1), z.maxLength(128)),
    connectedAt: z.number(),
    version: z.optional(z.number()),
  }),
  z.object({ type: z.literal('resume'), thingName, early: z.optional(z.boolean()) }),
  z.object({ type: z.literal('drift'), thingName }),
]);

const heartbeatSchema = z.object({
  type: z.literal('violation'),
  thingName: z.literal(heartbeatName),
  violation: z.custom<Violation>((value) => isFinding(value) && isHeartbeat(value)),
  takenAt: z.number(),
});

function isFinding(value: unknown): value is Finding {
  return typeof value === 'object' && value !== null && 'violationId' in value && 'eventType' in value;
}

/** Reads a command, or throws an Error that names the field at fault. */
export function readCommand(body: string): Command | HeartbeatCommand {
  const sent: unknown = JSON.parse(body);
  const heartbeat = heartbeatSchema.safeParse(sent);
  if (heartbeat.success) return heartbeat.data as HeartbeatCommand;
  const result = commandSchema.safeParse(sent);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new Error(`command.${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  return result.data as Command;
}
