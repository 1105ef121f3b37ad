import { configuration } from 'cordon:configuration';
import { setTimeout as pause } from 'node:timers/promises';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { connectDeadLetters } from '../../shared/aws/commands';
import { connectSecrets } from '../../shared/aws/secrets';
import { readKeeping } from '../../shared/domain/case/keeping';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { connectChannelStates } from '../../shared/storage/channel-states';
import type { ServedDescriptor } from './channels/descriptor';
import { nameFunction, nameVariable } from './channels/names';
import type { ChannelName, Sections } from './channels/registry';
import type { Channel } from './delivery/channel';
import { type NotifyPorts, notify } from './delivery/handler';
import { sendTest, type TestAnswer, type TestRequest } from './delivery/test-message';

/** The parameters of a channel's connection. */
interface Target<Section> {
  /** Empty if the channel has none. */
  readonly secret: string;
  /** Its section of cordon.yml. */
  readonly section: Section;
  /** Base URL of the service; empty if the secret says it. */
  readonly endpoint: string;
}

interface ServedChannel<N extends ChannelName, Place, Memory> {
  readonly name: N;
  readonly descriptor: ServedDescriptor;
  readonly nowhere: Place;
  readonly connect: (target: Target<NonNullable<Sections[N]>>) => Channel<Place, Memory>;
}

/** The function of a channel: handles the messages of its queue, each minute the pending states, and the doctor's test. */
export function serve<N extends ChannelName, Place extends object, Memory extends object>({
  name,
  descriptor,
  nowhere,
  connect,
}: ServedChannel<N, Place, Memory>) {
  const functionName = nameFunction(name);
  const { log, metrics, wrap } = createTelemetry(functionName);
  const readSecret = descriptor.secret
    ? connectSecrets().hold(readEnv(nameVariable(name, 'PARAMETER')))
    : async () => '';
  const endpoint = descriptor.endpoint ? readEnv(nameVariable(name, 'API_URL')) : '';
  const section = configuration.notify[name];
  let connected: { readonly secret: string; readonly channel: Channel<Place, Memory> } | undefined;

  async function find(): Promise<Channel<Place, Memory> | undefined> {
    const secret = section && (await readSecret());
    if (!section || secret === undefined) return undefined;
    if (connected?.secret !== secret) connected = { secret, channel: connect({ secret, section, endpoint }) };
    return connected.channel;
  }
  const ports: NotifyPorts = {
    channel: name,
    functionName,
    audience: descriptor.audience,
    title: descriptor.title,
    limits: descriptor.limits,
    nowhere,
    connect: find,
    states: connectChannelStates<Place, Memory>({
      name,
      tableName: readEnv('TABLE_NAME'),
      keepClosedMs: readKeeping(configuration),
    }),
    deadLetters: connectDeadLetters(readEnv('REJECTED_QUEUE_URL')),
    clock: Date.now,
    pause: (ms) => pause(ms),
    log,
    metrics,
  };
  const deliver = notify(ports);
  return wrap<SQSEvent | TestRequest | object, SQSBatchResponse | TestAnswer | undefined>(
    async (event, context) => ('sendTest' in event ? sendTest(await find(), ports) : deliver(event, context)),
  );
}
