import type { LocalLog } from '../../types';
import { parseJsonObject } from '../wire/json';
import { matchesFilterPolicy, unsupportedConditions } from './filter-policy';

export interface Mail {
  readonly to: string;
  readonly topicArn: string;
  readonly subject: string;
  readonly body: string;
  readonly at: number;
}

interface Delivery {
  readonly topicArn: string;
  readonly messageId: string;
  readonly subject: string | undefined;
  /** Message attributes by name, as filter policies see them. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The text for a subscriber of this protocol: `MessageStructure=json` may differ by protocol. */
  readonly body: (protocol: string) => string;
}

interface Subscription {
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly attributes: Map<string, string>;
}

export interface Mailbox {
  /** Learns about e-mail subscriptions from SNS calls that succeeded. */
  follow(form: URLSearchParams, responseXml: string): void;
  deliver(delivery: Delivery): void;
  mails(): readonly Mail[];
  hasSubscription(topicArn: string): boolean;
}

const keptMails = 1_000;
/** What SNS writes if the publisher gave no subject. */
const defaultSubject = 'AWS Notification Message';

/** Captures what SNS would e-mail. A subscription counts as confirmed at once, since no one can click a link here. */
export function createMailbox(log: LocalLog): Mailbox {
  const subscriptions = new Map<string, Subscription>();
  const mails: Mail[] = [];

  function subscribe(form: URLSearchParams, responseXml: string): void {
    const protocol = form.get('Protocol') ?? '';
    const arn = /<SubscriptionArn>([^<]+)</.exec(responseXml)?.[1];
    if (arn === undefined || !['email', 'email-json'].includes(protocol)) return;
    const attributes = new Map<string, string>();
    for (let index = 1; form.has(`Attributes.entry.${index}.key`); index++) {
      const name = form.get(`Attributes.entry.${index}.key`) ?? '';
      attributes.set(name, form.get(`Attributes.entry.${index}.value`) ?? '');
    }
    const topicArn = form.get('TopicArn') ?? '';
    subscriptions.set(arn, { topicArn, protocol, endpoint: form.get('Endpoint') ?? '', attributes });
    warnOfFilter(attributes.get('FilterPolicy'));
  }

  function warnOfFilter(policy: string | undefined): void {
    const unsupported = policy ? unsupportedConditions(parseJsonObject(policy) ?? {}) : [];
    if (unsupported.length > 0)
      log.warn('a filter policy uses what is not emulated for e-mail', { unsupported });
  }

  return {
    mails: () => mails,
    hasSubscription: (topicArn) =>
      [...subscriptions.values()].some((subscription) => subscription.topicArn === topicArn),
    follow(form, responseXml) {
      const arn = form.get('SubscriptionArn') ?? '';
      switch (form.get('Action')) {
        case 'Subscribe':
          subscribe(form, responseXml);
          break;
        case 'Unsubscribe':
          subscriptions.delete(arn);
          break;
        case 'SetSubscriptionAttributes':
          subscriptions
            .get(arn)
            ?.attributes.set(form.get('AttributeName') ?? '', form.get('AttributeValue') ?? '');
          break;
        case 'DeleteTopic':
          for (const [key, { topicArn }] of subscriptions) {
            if (topicArn === form.get('TopicArn')) subscriptions.delete(key);
          }
      }
    },
    deliver({ topicArn, messageId, subject, attributes, body }) {
      const at = Date.now();
      for (const subscription of subscriptions.values()) {
        const { protocol, endpoint } = subscription;
        const text = body(protocol);
        if (subscription.topicArn !== topicArn || !isWanted(subscription, attributes, text)) continue;
        const envelope = {
          Type: 'Notification',
          MessageId: messageId,
          TopicArn: topicArn,
          ...(subject !== undefined && { Subject: subject }),
          Message: text,
          Timestamp: new Date(at).toISOString(),
        };
        mails.push({
          to: endpoint,
          topicArn,
          subject: subject ?? defaultSubject,
          body: protocol === 'email-json' ? JSON.stringify(envelope) : text,
          at,
        });
        if (mails.length > keptMails) mails.shift();
      }
    },
  };
}

function isWanted(
  { attributes }: Subscription,
  message: Readonly<Record<string, unknown>>,
  body: string,
): boolean {
  const policy = attributes.get('FilterPolicy');
  if (!policy) return true;
  const parsed = parseJsonObject(policy);
  if (!parsed) return true;
  if (attributes.get('FilterPolicyScope') !== 'MessageBody') return matchesFilterPolicy(parsed, message);
  const content = parseJsonObject(body);
  return content !== undefined && matchesFilterPolicy(parsed, content);
}
