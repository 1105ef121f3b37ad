import type { IoTClient } from '@aws-sdk/client-iot';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { connectAlarms } from './reads/alarms';
import { connectPresent } from './reads/as-deployed';
import { connectAudits } from './reads/audits';
import { connectDetectUse } from './reads/device-defender';
import { connectDevices } from './reads/devices';
import { connectFunctions } from './reads/functions';
import { connectMessaging } from './reads/messaging';
import { connectQuotas } from './reads/quotas';
import { connectStack } from './reads/stack';
import { connectTemplates } from './reads/template';

export interface DoctorClients {
  readonly iot: IoTClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  /** The settings of clients for the other services, which only the doctor asks. */
  readonly settings: object;
}

/** Reads what the checks need. Changes nothing; it only triggers the test message of a channel. */
export function connectDoctor({ iot, sqs, sns, settings }: DoctorClients) {
  return {
    ...connectStack(settings),
    ...connectMessaging(sqs, sns),
    ...connectFunctions(settings),
    ...connectAlarms(settings),
    ...connectAudits(iot),
    ...connectDetectUse(iot),
    ...connectDevices(iot),
    ...connectQuotas(settings),
    readTemplate: connectTemplates(settings),
    present: (stackName: string) => connectPresent(stackName, { iot, sqs, sns, settings }),
  };
}

export type DoctorAccount = ReturnType<typeof connectDoctor>;
