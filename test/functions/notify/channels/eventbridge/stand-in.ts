import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { connectEventBridge, nowhere } from '../../../../../functions/notify/channels/eventbridge/channel';
import { createEventBus } from '../../../../../local/aws/services/event-bus';
import type { ApiRequest } from '../../../../../local/types';
import { connectEvents } from '../../../../../shared/aws/events';
import type { StandIn } from '../../../../contract/channel-contract';
import { startHttpService } from '../../http-service';

/** The EventBridge of the local stack, without the gateway before it. */
export async function startEventBridge(buses: readonly string[] = ['default']) {
  const identity = { partition: 'aws', region: 'us-east-1', accountId: '000000000000' } as const;
  const { handler, events } = createEventBus(identity, buses);
  const service = await startHttpService(async ({ headers, body }) => {
    const request = { service: 'events', headers, body: Buffer.from(body) } as unknown as ApiRequest;
    if (!handler.identify(request)) return { status: 404 };
    const answer = await handler.handle(request);
    return { ...answer, body: String(answer.body) };
  });
  return { ...service, events };
}

export function connectAt(endpoint: string, bus?: string) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new EventBridgeClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return connectEventBridge({ section: { bus }, events: connectEvents(client) });
}

export async function startStandIn(): Promise<StandIn> {
  const { url, events, close } = await startEventBridge();
  return {
    url,
    nowhere,
    connect: (endpoint) => connectAt(endpoint),
    shown: () => [
      ...new Map(events().map(({ detail: { caseId, text } }) => [caseId, String(text)])).values(),
    ],
    // An event is JSON; the rules of its receiver decide what it starts.
    findHazards: () => [],
    close,
  };
}
