import {
  GetAccountSettingsCommand,
  GetFunctionCommand,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { isNotFound } from '../../../shared/errors';
import type { FunctionState } from '../checks/functions';

export function connectFunctions(settings: object) {
  const lambda = new LambdaClient(settings);

  return {
    async readFunction(functionName: string): Promise<FunctionState | undefined> {
      try {
        const { Configuration = {}, Concurrency } = await lambda.send(
          new GetFunctionCommand({ FunctionName: functionName }),
        );
        const sources: { queue: string; state: string }[] = [];
        for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
          { client: lambda },
          { FunctionName: functionName },
        ))
          for (const { EventSourceArn = '', State = '' } of EventSourceMappings)
            sources.push({ queue: EventSourceArn.slice(EventSourceArn.lastIndexOf(':') + 1), state: State });
        const { ReservedConcurrentExecutions: reserved } = Concurrency ?? {};
        return {
          name: functionName,
          sources,
          ...(Configuration.State && { state: Configuration.State }),
          ...(Configuration.LastUpdateStatus && { lastUpdate: Configuration.LastUpdateStatus }),
          ...(reserved !== undefined && { reservedConcurrency: reserved }),
        };
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    async readConcurrency(): Promise<number | undefined> {
      return (await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit
        ?.UnreservedConcurrentExecutions;
    },
  };
}
