import { printable } from '../../../../shared/domain/messages/announcement';
import { clip } from '../../../../shared/domain/text';
import { type Channel, ChannelBusyError, ChannelRefusalError } from '../../delivery/channel';
import { post } from '../../delivery/post';
import { writeCard, writeSummaryCard } from './card';

export interface TeamsTarget {
  /** URL of the workflow. */
  readonly secret: string;
  readonly trusted?: string | undefined;
}

export const nowhere = {};

const title = 'Teams';

export function connectTeams({ secret, trusted }: TeamsTarget): Channel {
  const send = async (card: object) =>
    requireTaken(await post({ title, trusted }, { url: secret, body: JSON.stringify(card) }));
  return {
    async show(newest, { earlier }, { call }) {
      await call(() => send(writeCard(newest, earlier)));
      return { place: nowhere };
    },
    async summarize(named, count) {
      await send(writeSummaryCard(named, count));
    },
  };
}

/** The older incoming webhooks answer 200 with the failure in words (Microsoft, "Rate limiting for Incoming Webhooks"). */
function requireTaken(answer: string): void {
  const [, code] = /returned HTTP error (\d{3})/.exec(answer) ?? [];
  if (code === undefined) return;
  if (code === '429') throw new ChannelBusyError(title);
  if (Number(code) >= 500) throw new Error(`${title} answered ${code} in words`);
  throw new ChannelRefusalError(title, clip(printable(answer), 200));
}
