import { groupBy } from '../../shared/domain/group-by';
import type { Service } from './service';

export interface SlackMessage {
  readonly text: string;
  readonly blocks: unknown;
  readonly threadTs?: string;
  readonly at: number;
  readonly updates: readonly { readonly at: number }[];
}

export interface SlackChannel {
  readonly messages: readonly SlackMessage[];
  /** The messages that are in no thread, by the thing that they are of. */
  readonly roots: ReadonlyMap<string, readonly SlackMessage[]>;
}

/** What Slack shows. */
export async function readSlack(service: Pick<Service, 'control'>): Promise<SlackChannel> {
  const { slack } = await service.control<{ slack: SlackMessage[] }>('GET', 'messages');
  const roots = slack.filter(({ threadTs }) => threadTs === undefined);
  return { messages: slack, roots: groupBy(roots, ({ text }) => /^\S+ (\w+):/.exec(text)?.[1] ?? '') };
}
