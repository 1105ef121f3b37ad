import type { ChannelRight, ServedDescriptor } from '../../functions/notify/channels/descriptor';
import { nameFunction, nameVariable, toPascalCase } from '../../functions/notify/channels/names';
import {
  type ChannelName,
  listChannels,
  listNamed,
  listServed,
  type Sections,
} from '../../functions/notify/channels/registry';
import type { FileConfiguration } from '../../shared/config/schema';
import { writeAlarm } from './alarms';
import { allow, arn, arnOf, join, type Resources, ref, type Value } from './cloudformation';
import { allowSecret, refSecret } from './secrets';

/** A channel of cordon.yml with a function of its own, as the stack calls it. */
export interface StackChannel {
  readonly name: ChannelName;
  /** Name of the function and the queue after `cordon-STAGE-`. */
  readonly functionName: string;
  /** Prefix of the channel's logical ids: `Notify`, `NotifyTeams`. */
  readonly id: string;
  readonly descriptor: ServedDescriptor;
  readonly section: unknown;
}

/** At least its queue's visibility timeout, and the length of a run that begins nothing new after 75 s. */
export const channelSeconds = 90;

export function listStackChannels(notify: Sections): StackChannel[] {
  return listServed(listNamed(notify)).map(({ name, descriptor, section }) => {
    const functionName = nameFunction(name);
    return { name, functionName, id: toPascalCase(functionName), descriptor, section };
  });
}

/** The rights of a channel's function. */
export function writeChannelRights({ id, descriptor, section }: StackChannel): Value[] {
  return [
    allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [arnOf(`${id}Queue`)]),
    allow('sqs:SendMessage', [arnOf('RejectedQueue')]),
    allow(['dynamodb:GetItem', 'dynamodb:PutItem'], arnOf('Table')),
    allow('dynamodb:Query', join(arnOf('Table'), '/index/byDue')),
    ...(descriptor.secret ? allowSecret(descriptor.secret) : []),
    ...(descriptor.rights?.(section) ?? []).map(writeRight),
  ];
}

function writeRight({ actions, service, resource, condition }: ChannelRight): Value {
  const parts = typeof resource === 'string' ? [resource] : [resource[0], ref('AWS::AccountId'), resource[1]];
  const statement = allow(actions, arn(service, ...parts));
  return condition ? { ...(statement as object), Condition: condition } : statement;
}

/** Alarms on the metrics of a channel's function. Those on its dead letters stand beside its queue. */
export function writeChannelAlarms(prefix: string, channels: readonly StackChannel[]): Resources {
  return Object.assign({}, ...channels.map((channel) => writeAlarmsOf(prefix, channel)));
}

const minute = 60;

function writeAlarmsOf(prefix: string, { name, functionName, descriptor }: StackChannel): Resources {
  const { title, runbook = 'channels' } = descriptor;
  const sum = (MetricName: string, Period: number) => ({
    Namespace: prefix,
    MetricName,
    Dimensions: [{ Name: 'service', Value: functionName }],
    Statistic: 'Sum',
    Period,
    EvaluationPeriods: 1,
    Threshold: 0,
  });
  return {
    [`${toPascalCase(name)}RefusedAlarm`]: writeAlarm({
      name: `${prefix}-${name}-refused`,
      what: `${title} refused a message, a message or place of Cordon there no longer exists, or no secret is stored.`,
      runbook,
      measure: sum('MessageRefused', minute),
    }),
    [`${toPascalCase(name)}LateAlarm`]: writeAlarm({
      name: `${prefix}-${name}-late`,
      what: `${title} has not shown the newest state of a case for more than five minutes.`,
      runbook,
      // Each state is tried again at least every five minutes.
      measure: sum('MessageLate', 5 * minute),
    }),
  };
}

interface FunctionEntry {
  readonly handler?: string;
  readonly role?: Value;
  readonly timeout?: number;
  readonly environment: Readonly<Record<string, Value>>;
  readonly events?: readonly unknown[];
}

/** The functions of the channels, as serverless.yml has functions, and what `operate` needs of their buttons. */
export function writeChannelFunctions({ notify }: FileConfiguration): Record<string, FunctionEntry> {
  const functions = listStackChannels(notify).map((channel) => [
    channel.functionName,
    writeFunction(channel),
  ]);
  return { ...Object.fromEntries(functions), operate: { environment: writeButtonVariables() } };
}

function writeFunction({ name, id, descriptor: { secret, endpoint } }: StackChannel): FunctionEntry {
  return {
    handler: `functions/notify/channels/${name}/index.handler`,
    role: arnOf(`${id}Role`),
    timeout: channelSeconds,
    environment: {
      ...(secret && { [nameVariable(name, 'PARAMETER')]: refSecret(secret) }),
      ...(endpoint && { [nameVariable(name, 'API_URL')]: ref(nameEndpoint(name)) }),
    },
    events: [
      { schedule: 'rate(1 minute)' },
      // One instance sends while another stores new states. More would only wait for each other.
      {
        sqs: {
          arn: arnOf(`${id}Queue`),
          batchSize: 10,
          maximumConcurrency: 2,
          functionResponseType: 'ReportBatchItemFailures',
        },
      },
    ],
  };
}

function writeButtonVariables(): Record<string, Value> {
  return Object.fromEntries(
    listServed(listChannels()).flatMap(({ name, descriptor: { buttons, endpoint } }) =>
      buttons
        ? [
            [nameVariable(name, 'BUTTONS_PARAMETER'), refSecret(buttons.secret)],
            ...(endpoint ? [[nameVariable(name, 'API_URL'), ref(nameEndpoint(name))]] : []),
          ]
        : [],
    ),
  );
}

/** Template parameters that only tests change: of the channels in the stack, and of those whose buttons `operate` serves. */
export function writeEndpointParameters({ notify }: FileConfiguration): Record<string, object> {
  const inStack = listStackChannels(notify).map(({ name }) => name);
  return Object.fromEntries(
    listServed(listChannels()).flatMap(({ name, descriptor: { endpoint, buttons } }) =>
      endpoint && (buttons || inStack.includes(name))
        ? [[nameEndpoint(name), { Type: 'String', Default: endpoint.url, Description: endpoint.what }]]
        : [],
    ),
  );
}

const nameEndpoint = (name: string) => `${toPascalCase(name)}ApiUrl`;

/** Routes for buttons. A signature proves the origin of a request. */
export function listButtonRoutes(): string[] {
  return listServed(listChannels()).flatMap(({ descriptor: { buttons } }) => buttons?.route ?? []);
}

/** What `operate` may read for buttons. */
export function writeButtonRights(): Value[] {
  return listServed(listChannels()).flatMap(({ descriptor: { buttons } }) =>
    buttons ? allowSecret(buttons.secret) : [],
  );
}
