import {
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
  type SSMClientConfig,
} from '@aws-sdk/client-ssm';
import { type KillSwitch, readKillSwitch, writeKillSwitch } from '../domain/guards/kill-switch';
import { clip } from '../domain/text';
import type { KillSwitchReader } from '../ports/aws';
import type { Clock } from '../ports/runtime';

/** How long a function uses the state that it read. After that, a change takes effect everywhere. */
export const killSwitchTrustMs = 5_000;
/** The limit for reading the switch where its state is shown beside other things; after that, it counts as unreadable. */
const briefMs = 2_000;
/**
 * The limit while a device waits for the decision: after an unreadable switch, it would wait at least another minute.
 */
export const decisionMs = 8_000;
/**
 * The limit of the next read after a failed one, so that respond ends within its 15 seconds if Systems Manager hangs. A
 * command reads the switch twice if its steps take more than five seconds, and a killed function saves none of them.
 */
const afterFailureMs = 4_000;
/** The limit for a command that a person runs and that makes other calls as well. */
export const unhurriedMs = 15_000;

/** If a connection hangs, another one gets the answer. */
export function createSwitchClient(settings: SSMClientConfig = {}): SSMClient {
  const requestHandler = { connectionTimeout: 1_000, requestTimeout: 1_500, throwOnRequestTimeout: true };
  return new SSMClient({ ...settings, maxAttempts: 4, requestHandler });
}

/** The kill switch of a stage: an SSM parameter that no stack owns, so no deploy changes it. */
export function connectKillSwitch(name: string, client = createSwitchClient(), limitMs: number = briefMs) {
  /** Throws if it can't be read. */
  async function look(withinMs: number): Promise<KillSwitch> {
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }), {
        abortSignal: AbortSignal.timeout(withinMs),
      });
      const read = readKillSwitch(Parameter?.Value ?? '');
      const at = Parameter?.LastModifiedDate?.toISOString();
      // A value that was written by hand has no time.
      return read.state === 'unknown' || read.at !== undefined || !at ? read : { ...read, at };
    } catch (error) {
      if (error instanceof Error && error.name === 'ParameterNotFound') return { state: 'off' };
      throw error;
    }
  }

  async function read(withinMs = limitMs): Promise<KillSwitch> {
    try {
      return await look(withinMs);
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { state: 'unknown', reason: clip(reason, 300) };
    }
  }

  return {
    name,
    read: () => read(),

    async write(killSwitch: KillSwitch & { readonly state: 'on' | 'off' }): Promise<void> {
      const put = { Name: name, Value: writeKillSwitch(killSwitch), Overwrite: true };
      try {
        await client.send(new PutParameterCommand({ ...put, Type: 'String' }));
      } catch (error) {
        // A SecureString stays a SecureString: a person or an organization's rule may have chosen that type.
        if (!(error instanceof Error && error.name === 'HierarchyTypeMismatchException')) throw error;
        await client.send(new PutParameterCommand(put));
      }
    },

    /**
     * Reads the switch when it is needed, but at most once in five seconds. A state counts from the start of its read,
     * a failure from its end. An invocation may end during a read, and Lambda may then freeze the function until the
     * next invocation. That one does not wait for the old read, and ignores a time limit that passed during the freeze.
     */
    hold(clock: Clock = Date.now): KillSwitchReader {
      let held: { readonly value: Promise<KillSwitch>; until: number } | undefined;
      let withinMs = limitMs;
      return () => {
        if (held && clock() < held.until) return held.value;
        const begunAt = clock();
        const endsAt = begunAt + withinMs;
        const reading = { value: read(withinMs), until: begunAt + killSwitchTrustMs };
        held = reading;
        return reading.value.then((state) => {
          const isUnknown = state.state === 'unknown';
          if (isUnknown) reading.until = Math.min(clock(), endsAt) + killSwitchTrustMs;
          withinMs = isUnknown ? Math.min(limitMs, afterFailureMs) : limitMs;
          return state;
        });
      };
    },
  };
}
