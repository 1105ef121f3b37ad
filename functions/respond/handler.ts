import type { SQSRecord } from 'aws-lambda';
import {
  type Command,
  type HeartbeatCommand,
  type OperatorCommand,
  readCommand,
} from '../../shared/domain/decide/command';
import { nameIamUser } from '../../shared/domain/decide/second-person';
import { isHome, notHome } from '../../shared/domain/thing-ref';
import { VersionConflictError } from '../../shared/errors';
import type { DeadLetters } from '../../shared/ports/aws';
import type { Log } from '../../shared/ports/runtime';

export interface RespondPorts {
  readonly handleHeartbeat: (heartbeat: HeartbeatCommand) => Promise<void>;
  readonly deadLetters: DeadLetters;
  /** The id of operate's role: who sent a command that operate passes on is known from it alone. */
  readonly operateRoleId: string;
  readonly log: Log;
}

/** `attempt` is 1 for the first delivery. */
type HandleCommand = (command: Command, commandId: string, attempt: number) => Promise<void>;

/** Takes one command from a thing's mailbox. */
export function respond(handle: HandleCommand, ports: RespondPorts) {
  return async ({ body, messageId, attributes }: SQSRecord): Promise<void> => {
    let command: Command | HeartbeatCommand;
    try {
      command = readCommand(body);
      if (!isHome(command.thingName)) throw new Error(`${command.thingName}: ${notHome}`);
    } catch (error) {
      // Set aside at once: waiting for the redrive would delay the thing's other commands.
      const reason = error instanceof Error ? error.message : 'not a command';
      ports.log.warn('command rejected', { messageId, reason });
      await ports.deadLetters.send(body, reason, `commands:${messageId}`);
      return;
    }
    if ('takenAt' in command) return ports.handleHeartbeat(command);
    if ('actor' in command) command = provePerson(command, attributes.SenderId, ports.operateRoleId);
    try {
      await handle(command, messageId, Number(attributes.ApproximateReceiveCount));
    } catch (error) {
      // An earlier invocation of the same command has just written: retry at once with the new state.
      if (!(error instanceof VersionConflictError)) throw error;
      ports.log.warn('case changed meanwhile, tried again', { messageId });
      await handle(command, messageId, Number(attributes.ApproximateReceiveCount));
    }
  };
}

/** Every sender to the queue can write any name into a command, but SQS itself names the sender. */
function provePerson(
  { person, ...command }: OperatorCommand,
  senderId: string,
  operateRoleId: string,
): OperatorCommand {
  const proven = senderId.startsWith(`${operateRoleId}:`) ? person : nameIamUser(senderId);
  return { ...command, ...(proven !== undefined && { person: proven }) };
}
