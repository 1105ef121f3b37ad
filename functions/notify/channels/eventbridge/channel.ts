import type { EventBus } from '../../../../shared/aws/events';
import { printable } from '../../../../shared/domain/messages/announcement';
import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import { clip } from '../../../../shared/domain/text';
import { failAws } from '../../delivery/aws-failure';
import type { Channel } from '../../delivery/channel';

export interface EventBridgeTarget {
  readonly section: { readonly bus?: string | undefined };
  readonly events: EventBus;
}

export const nowhere = {};

const title = 'EventBridge';

/** One event for each state. Its detail is the announcement: `caseId` is the key, and a higher `seq` is newer. */
export function connectEventBridge({ section: { bus = 'default' }, events }: EventBridgeTarget): Channel {
  return {
    async show(newest, _, { call }) {
      const event = {
        Source: 'cordon',
        DetailType: 'Cordon case',
        EventBusName: bus,
        Time: new Date(newest.at),
        Detail: writeDetail(newest),
      };
      await call(() => events.put(event).catch((error: unknown) => failAws(title, error)));
      return { place: nowhere };
    },
  };
}

/** An entry has 256 KB in all. */
const detailMax = 250_000;

/** The announcement with its texts as long as they fit: in practice all of them do. */
function writeDetail(newest: Announcement): string {
  const written = [Infinity, 2_000, 500, 100].map((max) =>
    JSON.stringify(newest, (_, value) =>
      typeof value === 'string' ? clip(value.split('\n').map(printable).join('\n'), max) : value,
    ),
  );
  return written.find((detail) => Buffer.byteLength(detail) <= detailMax) ?? '{}';
}
