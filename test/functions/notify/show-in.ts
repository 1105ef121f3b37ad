import type { Channel } from '../../../functions/notify/delivery/channel';
import type { Announcement } from '../../../shared/domain/messages/announcement-schema';

/** Shows one state of a case, of which the channel has shown `lastSeq` before. */
export function showIn(channel: Channel, announcement: Announcement, lastSeq = 0, place: object = {}) {
  return channel.show(
    announcement,
    { place, lastSeq },
    { call: (call) => call(), brief: false, memory: {}, willPost: async () => {}, lost: () => {} },
  );
}
