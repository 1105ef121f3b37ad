import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient } from '@aws-sdk/client-sns';
import { dataPlaneClient } from '../../shared/aws/data-plane';
import { connectChannelStates } from '../../shared/storage/channel-states';
import type { Settings } from '../target';
import { connectAccount } from './account';

export function openDrill(stage: string, settings: Settings) {
  const iot = new IoTClient(settings);
  const client = new DynamoDBClient(settings);
  return {
    account: connectAccount(iot, dataPlaneClient(iot, settings), new SNSClient(settings)),
    statesOf: (name: string) => connectChannelStates({ name, tableName: `cordon-${stage}`, client }),
  };
}
