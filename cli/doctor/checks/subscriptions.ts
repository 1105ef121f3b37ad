import { type Check, changedByHand, type Finding } from '../finding';

export interface Subscription {
  readonly protocol: string;
  readonly endpoint: string;
  readonly isConfirmed: boolean;
  readonly arn: string;
  /** It has a filter policy. */
  readonly isFiltered: boolean;
}

interface Wanted {
  readonly topic: 'alerts' | 'announcements' | 'alarms';
  /** Names of queues that must be subscribed. */
  readonly queues: readonly string[];
  readonly email: readonly string[];
}

/** Each topic's subscriptions: queues that must be there, addresses that must have confirmed. */
export function checkSubscriptions(
  prefix: string,
  wanted: readonly Wanted[],
  list: (topic: string) => Promise<readonly Subscription[]>,
): Check[] {
  return wanted.map(({ topic, queues, email }) => {
    const about = `${topic} topic`;
    return {
      about,
      async run(): Promise<Finding[]> {
        const subscriptions = await list(`${prefix}-${topic}`);
        const found: Finding[] = [];
        for (const queue of queues)
          if (
            !subscriptions.some(
              ({ protocol, endpoint }) => protocol === 'sqs' && endpoint.endsWith(`:${queue}`),
            )
          )
            found.push({
              level: 'problem',
              about,
              what: `the queue ${queue} is not subscribed`,
              why: topic === 'alerts' ? 'No alert becomes a case.' : 'No case appears in that channel.',
              mend: changedByHand,
            });
        for (const address of email) found.push(...judgeAddress(about, address, subscriptions));
        if (topic === 'alerts')
          found.push(...subscriptions.flatMap((one) => judgeListener(about, queues, one)));
        if (topic === 'announcements')
          found.push(...subscriptions.flatMap((one) => judgeFilter(about, queues, one)));
        if (topic !== 'alerts' && queues.length + email.length === 0 && subscriptions.length === 0)
          found.push({
            level: 'note',
            about,
            what: 'nobody is subscribed',
            why: 'Nobody is notified.',
            mend: 'docs/deploying.md',
          });
        return found.length > 0 ? found : [{ level: 'ok', about, what: count(subscriptions) }];
      },
    };
  });
}

/** Only the stack needs alerts: any other subscriber learns which devices are suspected, and when. */
function judgeListener(
  about: string,
  queues: readonly string[],
  { protocol, endpoint, isConfirmed, arn }: Subscription,
): Finding[] {
  if (!isConfirmed || isQueueOf(queues, protocol, endpoint)) return [];
  return [
    {
      level: 'note',
      about,
      what: `${endpoint} also receives each alert`,
      why: 'The stack has no such subscription. Its receiver learns which devices are suspected before they are contained.',
      mend: `aws sns unsubscribe --subscription-arn ${arn}, unless you know it`,
    },
  ];
}

const isQueueOf = (queues: readonly string[], protocol: string, endpoint: string) =>
  protocol === 'sqs' && queues.some((queue) => endpoint.endsWith(`:${queue}`));

/** A subscriber beside the stack would receive each heartbeat. The queues of the stack handle it. */
function judgeFilter(
  about: string,
  queues: readonly string[],
  { protocol, endpoint, isConfirmed, isFiltered, arn }: Subscription,
): Finding[] {
  if (!isConfirmed || isFiltered || isQueueOf(queues, protocol, endpoint)) return [];
  const audience = protocol.startsWith('email') ? '["people"]' : '["people","systems"]';
  return [
    {
      level: 'note',
      about,
      what: `the subscription of ${endpoint} has no filter policy`,
      why: 'It receives a heartbeat each minute.',
      mend: `aws sns set-subscription-attributes --subscription-arn ${arn} --attribute-name FilterPolicy --attribute-value '{"audience":${audience}}'`,
    },
  ];
}

function judgeAddress(about: string, address: string, subscriptions: readonly Subscription[]): Finding[] {
  const own = subscriptions.find(
    ({ protocol, endpoint }) => protocol === 'email' && endpoint.toLowerCase() === address.toLowerCase(),
  );
  if (own?.isConfirmed) return [];
  return [
    {
      level: 'problem',
      about,
      what: own ? `${address} has not confirmed its subscription` : `${address} is not subscribed`,
      why: 'SNS sends nothing to it.',
      mend: 'docs/runbooks/email-not-subscribed.md',
    },
  ];
}

function count({ length }: readonly Subscription[]): string {
  return length === 1 ? '1 subscription' : `${length} subscriptions`;
}
