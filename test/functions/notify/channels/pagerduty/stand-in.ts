import * as z from 'zod';
import { connectPagerDuty, nowhere } from '../../../../../functions/notify/channels/pagerduty/channel';
import type { Channel } from '../../../../../functions/notify/delivery/channel';
import type { StandIn } from '../../../../contract/channel-contract';
import { type Asked, startHttpService } from '../../http-service';

export const routingKey = '0123456789abcdef0123456789abcdef';

const common = { routing_key: z.string().length(32), dedup_key: z.string().min(1).max(255) };

/**
 * PagerDuty, "Send an alert event": required fields and the limits of each field. The stand-in also refuses unknown
 * fields.
 */
const eventSchema = z.discriminatedUnion('event_action', [
  z.strictObject({
    ...common,
    event_action: z.literal('trigger'),
    payload: z.strictObject({
      summary: z.string().min(1).max(1_024),
      source: z.string().min(1),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      timestamp: z.iso.datetime().optional(),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    }),
    client: z.string().optional(),
    client_url: z.url({ protocol: /^https$/ }).optional(),
    links: z.array(z.strictObject({ href: z.url(), text: z.string().optional() })).optional(),
  }),
  z.strictObject({ ...common, event_action: z.enum(['acknowledge', 'resolve']) }),
]);

const eventMax = 512_000;

export interface Alert {
  status: 'triggered' | 'acknowledged' | 'resolved';
  /** What people read first: each further trigger of an open alert adds to its log. */
  readonly log: string[];
  severity: string;
}

/** The Events API v2 with one service behind it. */
export async function startPagerDuty() {
  const alerts = new Map<string, Alert>();
  const bodies: string[] = [];
  const service = await startHttpService(({ method, path, headers, body }: Asked) => {
    if (method !== 'POST' || path !== '/v2/enqueue') return { status: 404 };
    const refuse = (...errors: string[]) => ({
      status: 400,
      body: JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors }),
    });
    if (headers['content-type'] !== 'application/json') return refuse('content type');
    if (Buffer.byteLength(body) > eventMax) return { status: 413 };
    const { success, data: event, error } = eventSchema.safeParse(JSON.parse(body));
    if (!success)
      return refuse(...error.issues.map(({ message, path: at }) => `${at.join('.')}: ${message}`));
    if (event.routing_key !== routingKey) return refuse('routing_key');
    bodies.push(body);
    const known = alerts.get(event.dedup_key);
    const isOpen = known !== undefined && known.status !== 'resolved';
    if (event.event_action === 'trigger') {
      const { summary, severity } = event.payload;
      if (isOpen) known.log.push(summary);
      else alerts.set(event.dedup_key, { status: 'triggered', log: [summary], severity });
    } else if (isOpen) known.status = event.event_action === 'resolve' ? 'resolved' : 'acknowledged';
    return {
      status: 202,
      body: JSON.stringify({ status: 'success', message: 'Event processed', dedup_key: event.dedup_key }),
    };
  });
  return { ...service, alerts, bodies };
}

export async function startStandIn(): Promise<StandIn> {
  const { url, alerts, close } = await startPagerDuty();
  return {
    url,
    nowhere,
    connect: (endpoint) => connectPagerDuty({ secret: routingKey, endpoint }) as Channel,
    shown: () => [...alerts.values()].map(({ log }) => log.at(-1) ?? ''),
    // PagerDuty shows a summary as text.
    findHazards: () => [],
    close,
  };
}
