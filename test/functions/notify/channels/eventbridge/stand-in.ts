import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import { connectEventBridge, nowhere } from '../../../../../functions/notify/channels/eventbridge/channel';
import { connectEvents } from '../../../../../shared/aws/events';
import type { StandIn } from '../../../../contract/channel-contract';
import { startHttpService } from '../../http-service';

/** EventBridge API, PutEventsRequestEntry; an entry has 256 KB at most, and a partner's or AWS' own source is refused. */
const entry = z.strictObject({
  Source: z
    .string()
    .min(1)
    .max(256)
    .regex(/^(?!aws\.)/),
  DetailType: z.string().min(1).max(128),
  EventBusName: z.string().regex(/^[\w./-]{1,1600}$/),
  Time: z.number(),
  Detail: z.string(),
});
const entryMax = 256 * 1_024;
const detail = z.record(z.string(), z.unknown());

export async function startEventBridge(buses: readonly string[] = ['default']) {
  const events: { readonly bus: string; readonly detail: Record<string, unknown> }[] = [];
  const amz = (status: number, answer: object) => ({
    status,
    body: JSON.stringify(answer),
    headers: { 'content-type': 'application/x-amz-json-1.1' },
  });
  const service = await startHttpService(({ method, headers, body }) => {
    if (method !== 'POST' || headers['x-amz-target'] !== 'AWSEvents.PutEvents')
      return amz(400, { __type: 'UnknownOperationException' });
    const request = z.strictObject({ Entries: z.array(entry).min(1).max(10) }).safeParse(JSON.parse(body));
    if (!request.success)
      return amz(400, { __type: 'ValidationException', message: JSON.stringify(request.error.issues) });
    const Entries = request.data.Entries.map(({ EventBusName: bus, Detail, Source, DetailType }) => {
      if (!buses.includes(bus))
        return { ErrorCode: 'ResourceNotFoundException', ErrorMessage: `Event bus ${bus} does not exist.` };
      if (Buffer.byteLength(Detail + Source + DetailType) > entryMax)
        return { ErrorCode: 'InvalidArgument', ErrorMessage: 'Total size of the entries is too large.' };
      const parsed = detail.safeParse(JSON.parse(Detail));
      if (!parsed.success) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
      events.push({ bus, detail: parsed.data });
      return { EventId: String(events.length) };
    });
    return amz(200, { FailedEntryCount: Entries.filter((one) => 'ErrorCode' in one).length, Entries });
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
    shown: () => [...new Map(events.map(({ detail: { caseId, text } }) => [caseId, String(text)])).values()],
    findHazards: () => [],
    close,
  };
}
