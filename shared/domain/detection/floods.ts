import { type Facts, ownsCertificate } from '../facts';
import { clip } from '../text';

/** A certificate that sends more reports than the detector evaluates for one certificate. */
export interface Flood {
  /** The certificate, or the client id if there is none. */
  readonly sender: string;
  /** The thing that its reports are for, which need not be its own. */
  readonly thingName: string;
  readonly clientId: string;
}

/** The last announcement of a flood. */
export interface ToldFlood extends Flood {
  readonly since: number;
  readonly toldAt: number;
  /** Announced in its own message. */
  readonly named?: true;
}

export interface FloodState {
  /** Oldest first. */
  readonly floods: readonly ToldFlood[];
  /** When it was last announced that there are many. */
  readonly summarizedAt?: number;
}

type Telling = 'by name' | 'as one of many' | 'not again';

const announceAgainMs = 3_600_000;
/** Messages of their own within that time: a botnet must not flood people too. */
const maxNamed = 3;
const maxKept = 50;

/** Decides what to announce about a flood, given the earlier announcements. */
export function noteFlood(
  { floods, summarizedAt }: FloodState,
  flood: Flood,
  now: number,
): { readonly next: FloodState; readonly telling: Telling } {
  const recent = floods.filter(({ toldAt }) => now - toldAt < announceAgainMs);
  const told = { floods: recent, ...(summarizedAt !== undefined && { summarizedAt }) };
  if (recent.some(({ sender }) => sender === flood.sender)) return { next: told, telling: 'not again' };
  const before = floods.find(
    ({ sender, toldAt }) => sender === flood.sender && now - toldAt < 2 * announceAgainMs,
  );
  const isNamed = recent.filter(({ named }) => named).length < maxNamed;
  const isSummary = !isNamed && now - (summarizedAt ?? -Infinity) >= announceAgainMs;
  const entry: ToldFlood = {
    ...flood,
    clientId: clip(flood.clientId, 128),
    since: before?.since ?? now,
    toldAt: now,
    ...(isNamed && { named: true }),
  };
  return {
    next: { ...told, floods: [...recent, entry].slice(-maxKept), ...(isSummary && { summarizedAt: now }) },
    telling: isNamed ? 'by name' : isSummary ? 'as one of many' : 'not again',
  };
}

/** The floods of the last hour. Only a further message would show that one continues. */
export function listRecent({ floods }: FloodState, now: number): ToldFlood[] {
  return floods.filter(({ toldAt }) => now - toldAt < announceAgainMs);
}

/** The floods of reports for the thing, and those from a certificate that is known to be the thing's. */
export function pickFloods(
  floods: readonly ToldFlood[],
  thingName: string,
  facts: Facts | undefined,
): ToldFlood[] {
  return floods.filter(
    ({ sender, ...flood }) => flood.thingName === thingName || ownsCertificate(facts, sender),
  );
}
