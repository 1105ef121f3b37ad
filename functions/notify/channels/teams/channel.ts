import type { Channel } from '../../delivery/channel';
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
  const send = (card: object) => post({ title, trusted }, { url: secret, body: JSON.stringify(card) });
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
