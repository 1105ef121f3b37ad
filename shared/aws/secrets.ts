import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Clock } from '../ports/runtime';

/** A rotated secret takes effect within five minutes, and a missing one within ten seconds after it is stored. */
const trustMs = { found: 5 * 60_000, missing: 10_000 };

/** SecureString parameters of SSM. */
export function connectSecrets(client = new SSMClient({ maxAttempts: 6 })) {
  /** Undefined if it doesn't exist. */
  async function read(name: string): Promise<string | undefined> {
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return Parameter?.Value;
    } catch (error) {
      if (error instanceof Error && error.name === 'ParameterNotFound') return undefined;
      throw error;
    }
  }

  return {
    read,

    /** Reads a secret when it is needed, and caches it. */
    hold(name: string, clock: Clock = Date.now): () => Promise<string | undefined> {
      let held: { readonly secret: string | undefined; readonly until: number } | undefined;
      return async () => {
        if (held && clock() < held.until) return held.secret;
        const secret = await read(name);
        held = { secret, until: clock() + (secret === undefined ? trustMs.missing : trustMs.found) };
        return secret;
      };
    },
  };
}
