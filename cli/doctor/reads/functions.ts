import {
  GetAccountSettingsCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { orNothing } from '../../../shared/errors';
import { promptCalls } from '../../calls';
import type { Consumer, FunctionState } from '../checks/functions';

/** Longer than a function of a channel may run. */
const invocationMs = 90_000;

export function connectFunctions(settings: object) {
  const lambda = new LambdaClient(settings);
  const invoker = new LambdaClient({ ...settings, ...promptCalls(invocationMs) });

  return {
    readFunction: (functionName: string): Promise<FunctionState | undefined> =>
      orNothing(async () => {
        const { Configuration = {}, Concurrency } = await lambda.send(
          new GetFunctionCommand({ FunctionName: functionName }),
        );
        const sources: FunctionState['sources'][number][] = [];
        for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
          { client: lambda },
          { FunctionName: functionName },
        ))
          for (const { EventSourceArn = '', State = '', ScalingConfig } of EventSourceMappings)
            sources.push({
              queue: EventSourceArn.slice(EventSourceArn.lastIndexOf(':') + 1),
              state: State,
              ...(ScalingConfig?.MaximumConcurrency && {
                maximumConcurrency: ScalingConfig.MaximumConcurrency,
              }),
            });
        const { ReservedConcurrentExecutions: reserved } = Concurrency ?? {};
        return {
          name: functionName,
          sources,
          ...(Configuration.State && { state: Configuration.State }),
          ...(Configuration.LastUpdateStatus && { lastUpdate: Configuration.LastUpdateStatus }),
          ...(reserved !== undefined && { reservedConcurrency: reserved }),
        };
      }),

    /** Every function that is fed by a queue. */
    async listConsumers(EventSourceArn: string): Promise<readonly Consumer[]> {
      const found: Consumer[] = [];
      for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
        { client: lambda },
        { EventSourceArn },
      ))
        found.push(
          ...EventSourceMappings.map(({ FunctionArn: functionArn = '', UUID: id = '' }) => ({
            functionArn,
            id,
          })),
        );
      return found;
    },

    /** Returns the function's result; throws its error. */
    async invokeFunction(functionName: string, event: object): Promise<unknown> {
      const { Payload, FunctionError } = await invoker.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
      );
      const returned: unknown = JSON.parse(Payload?.transformToString() || 'null');
      if (FunctionError === undefined) return returned;
      const { errorMessage = FunctionError } = (returned ?? {}) as { readonly errorMessage?: string };
      throw new Error(`${functionName} failed: ${errorMessage}`);
    },

    /** `free`: the concurrency that no function has reserved. */
    async readConcurrency(): Promise<{ readonly limit: number; readonly free: number } | undefined> {
      const { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: free = limit } =
        (await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit ?? {};
      return limit === undefined || free === undefined ? undefined : { limit, free };
    },
  };
}
