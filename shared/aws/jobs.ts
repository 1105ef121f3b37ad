import {
  CancelJobCommand,
  CreateJobCommand,
  DescribeJobExecutionCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import { orNothing } from '../errors';
import type { Jobs } from '../ports/aws';
import { iotClient } from './iot-client';

/** `arnPrefix`: `arn:aws:iot:REGION:ACCOUNT`. */
export function connectJobs(arnPrefix: string, client: IoTClient = iotClient()): Jobs {
  return {
    async create(jobId, thingName, document) {
      try {
        await client.send(
          new CreateJobCommand({ jobId, targets: [`${arnPrefix}:thing/${thingName}`], document }),
        );
      } catch (error) {
        // Created by this case before a crash: job ids contain the case id.
        if (!(error instanceof Error && error.name === 'ResourceAlreadyExistsException')) throw error;
      }
    },

    async readStatus(jobId, thingName) {
      return orNothing(async () => {
        const { execution } = await client.send(new DescribeJobExecutionCommand({ jobId, thingName }));
        return execution?.status;
      });
    },

    async cancel(jobId) {
      await client.send(new CancelJobCommand({ jobId, force: true }));
    },
  };
}
