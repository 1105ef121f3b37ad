import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

/** Reads a SecureString parameter of SSM; undefined where it doesn't exist. */
export function connectSecrets(client = new SSMClient({ maxAttempts: 6 })) {
  return {
    async read(name: string): Promise<string | undefined> {
      try {
        const { Parameter } = await client.send(
          new GetParameterCommand({ Name: name, WithDecryption: true }),
        );
        return Parameter?.Value;
      } catch (error) {
        if (error instanceof Error && error.name === 'ParameterNotFound') return undefined;
        throw error;
      }
    },
  };
}
