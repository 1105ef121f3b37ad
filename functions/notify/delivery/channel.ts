import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import type { ChannelState } from '../../../shared/storage/channel-states';

/** A connected channel: it shows a case, and the delivery decides when, in which order and how often. */
export interface Channel<Place = object, Memory = object> {
  /**
   * Shows the newest state of a case: in the place that the state names, or in a new one. Throws ChannelBusyError and
   * ChannelRefusalError if the service says so, any other error if it is unreachable.
   */
  show(
    newest: Announcement,
    state: ChannelState<Place>,
    manner: Manner<Memory>,
  ): Promise<Shown<Place, Memory>>;
  /** One message for many cases that changed at once; without this method, each case is shown separately. */
  summarize?(named: readonly Announcement[], count: number): Promise<void>;
}

interface Shown<Place, Memory> {
  readonly place: Place;
  /** The channel's state for all cases. */
  readonly memory?: Memory;
}

/** How to show a case now. */
export interface Manner<Memory = object> {
  /** Makes each call of the service, at the pace that the service accepts. */
  readonly call: Paced;
  /** While many cases wait: the state of each, and nothing beside it. */
  readonly brief: boolean;
  readonly memory: Memory;
  /**
   * Records that a case is about to be shown first, for services in which a repeated call creates a second message, or that
   * something else must be repeated if its answer is lost.
   */
  readonly willPost: () => Promise<void>;
  /** Reports a place that no longer exists. */
  readonly lost: (reason: string) => void;
}

export type Paced = <T>(call: () => Promise<T>) => Promise<T>;

/** The service accepts nothing for a while, whose length it may or may not give. */
export class ChannelBusyError extends Error {
  override readonly name = 'ChannelBusyError';
  readonly retryAfterMs: number | undefined;

  constructor(title: string, retryAfterSeconds?: number) {
    super(`${title} takes no more for ${retryAfterSeconds === undefined ? 'now' : `${retryAfterSeconds} s`}`);
    this.retryAfterMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1_000;
  }
}

/** The service refused a message, with an error code of its own. */
export class ChannelRefusalError extends Error {
  override readonly name = 'ChannelRefusalError';
  readonly reason: string;

  constructor(title: string, reason: string) {
    super(`${title} refused: ${reason}`);
    this.reason = reason;
  }
}
