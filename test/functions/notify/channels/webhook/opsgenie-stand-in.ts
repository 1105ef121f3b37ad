import * as z from 'zod';
import { connectWebhook, nowhere } from '../../../../../functions/notify/channels/webhook/channel';
import type { StandIn } from '../../../../contract/channel-contract';
import { type Answer, type Asked, startHttpService } from '../../http-service';
import { key } from './stand-in';

const apiKey = 'eb243592-faa2-4ba2-a551-1afdf565c889';

const text = (max: number) => z.string().max(max);
const by = { user: text(100).optional(), source: text(100).optional() };

/** Opsgenie, "Alert API": the fields that Cordon uses, with their limits. The stand-in refuses other fields. */
const alertSchema = z.strictObject({
  ...by,
  message: text(130).min(1),
  alias: text(512).optional(),
  description: text(15_000).optional(),
  tags: z.array(text(50)).max(20).optional(),
  details: z.record(z.string(), z.string()).optional(),
  entity: text(512).optional(),
  priority: z.enum(['P1', 'P2', 'P3', 'P4', 'P5']).optional(),
  note: text(25_000).optional(),
});
const noteSchema = z.strictObject({ ...by, note: text(25_000).min(1) });
const closeSchema = z.strictObject({ ...by, note: text(25_000).optional() });

interface Alert {
  isOpen: boolean;
  /** What people read, the newest last. */
  readonly log: string[];
}

/**
 * Opsgenie handles a request after its answer, so one for a closed or missing alert has no effect and causes no error.
 */
export function createOpsgenie() {
  const alerts = new Map<string, Alert>();
  const findOpen = (alias: string) => (alerts.get(alias)?.isOpen ? alerts.get(alias) : undefined);
  const create = (body: unknown) => {
    const { message, alias = '', description = '' } = alertSchema.parse(body);
    const known = alerts.get(alias);
    // An alert that is open is only counted.
    if (!known?.isOpen)
      alerts.set(alias, { isOpen: true, log: [...(known?.log ?? []), `${message}\n${description}`] });
  };
  const act = (action: string, alias: string, body: unknown) => {
    const { note } = action === 'notes' ? noteSchema.parse(body) : closeSchema.parse(body);
    const open = findOpen(alias);
    if (open && note) open.log.push(note);
    if (open && action === 'close') open.isOpen = false;
  };
  const answer = ({ method, path, headers, body }: Asked): Answer => {
    const url = new URL(path, 'http://opsgenie');
    const [, alias, action] = /^\/v2\/alerts(?:\/([^/]+)\/(notes|close))?$/.exec(url.pathname) ?? [''];
    if (method !== 'POST' || !url.pathname.startsWith('/v2/alerts')) return { status: 404 };
    if (headers.authorization !== `GenieKey ${apiKey}`) return { status: 401 };
    if (headers['content-type'] !== 'application/json') return { status: 415 };
    if (action && url.searchParams.get('identifierType') !== 'alias') return { status: 422 };
    try {
      if (action) act(action, decodeURIComponent(alias ?? ''), JSON.parse(body));
      else create(JSON.parse(body));
    } catch (error) {
      return { status: 422, body: JSON.stringify({ message: String(error) }) };
    }
    return { status: 202, body: '{"result":"Request will be processed","took":0.1,"requestId":"r-1"}' };
  };
  return { answer, alerts };
}

export function connectTo(base: string) {
  return connectWebhook({
    secret: JSON.stringify({
      url: `${base}v2/alerts`,
      key,
      headers: { authorization: `GenieKey ${apiKey}` },
    }),
    section: { format: 'opsgenie' },
    trusted: new URL(base).origin,
  });
}

export async function startStandIn(): Promise<StandIn> {
  const { answer, alerts } = createOpsgenie();
  const { url, close } = await startHttpService(answer);
  return {
    url,
    nowhere,
    connect: connectTo,
    shown: () => [...alerts.values()].map(({ log }) => log.at(-1) ?? ''),
    // "HTML formatting for the message values is also supported" (Opsgenie, "Alerts and Alert Fields").
    findHazards: () =>
      [...alerts.values()].flatMap(({ log }) => log).filter((one) => /<\/?[a-z!]/i.test(one)),
    close,
  };
}
