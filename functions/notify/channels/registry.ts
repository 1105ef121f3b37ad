import * as z from 'zod/mini';
import { duration } from '../../../shared/domain/configuration/fields';
import { routesSchema } from '../routes/schema';
import type { ChannelDescriptor, ServedDescriptor } from './descriptor';
import { email } from './email/descriptor';
import { eventbridge } from './eventbridge/descriptor';
import { pagerduty } from './pagerduty/descriptor';
import { securityhub } from './securityhub/descriptor';
import { slack } from './slack/descriptor';
import { teams } from './teams/descriptor';
import { webhook } from './webhook/descriptor';

/** Every channel, by the name that `notify:` of cordon.yml calls it. */
const registry = {
  slack,
  teams,
  pagerduty,
  webhook,
  eventbridge,
  securityhub,
  email,
};

export type ChannelName = keyof typeof registry;

const channelNames = Object.keys(registry) as ChannelName[];

type Section<N extends ChannelName> = (typeof registry)[N]['section'];
type SectionShape = { [N in ChannelName]: z.ZodMiniOptional<Section<N>> };

/** `notify:` of cordon.yml. */
export const notifySchema = z.strictObject({
  ...(Object.fromEntries(
    Object.entries(registry).map(([name, { section }]) => [name, z.optional<z.core.$ZodType>(section)]),
  ) as SectionShape),
  /** Without them, every message goes to every channel. */
  routes: z.optional(routesSchema),
  /** How often a message lists the cases that are only recorded: by default each hour. */
  digest: z.optional(
    z.union([z.literal('off'), z.strictObject({ every: duration })], 'expected off, or { every: 1h }'),
  ),
  /** From how many new cases of one behavior, within which time, one message covers all: by default more than 5 in 10 minutes. */
  storm: z.optional(
    z.union(
      [
        z.literal('off'),
        z.strictObject({ cases: z.int().check(z.minimum(1), z.maximum(100)), within: duration }),
      ],
      'expected off, or { cases: 5, within: 10m } with 1 to 100 cases',
    ),
  ),
});

export type Sections = z.output<typeof notifySchema>;

/** The routes of channels with buttons; `operate` must have a handler for each. */
export type ButtonRoute = {
  [N in ChannelName]: (typeof registry)[N] extends { readonly buttons: { readonly route: infer R } }
    ? R
    : never;
}[ChannelName];

interface Entry<D> {
  readonly name: ChannelName;
  readonly descriptor: D;
}

/** A channel with its section of cordon.yml. */
interface NamedEntry<D> extends Entry<D> {
  readonly section: unknown;
}

/** All channels there are. */
export function listChannels(): Entry<ChannelDescriptor>[] {
  return channelNames.map((name) => ({ name, descriptor: registry[name] as ChannelDescriptor }));
}

/** The channels that cordon.yml names. */
export function listNamed(notify: Sections): NamedEntry<ChannelDescriptor>[] {
  return listChannels().flatMap((entry) => {
    const section = notify[entry.name];
    return section === undefined ? [] : [{ ...entry, section }];
  });
}

/** The channels that have a function. */
export function listServed<E extends Entry<ChannelDescriptor>>(
  entries: readonly E[],
): (E & Entry<ServedDescriptor>)[] {
  return entries.filter(
    (entry): entry is E & Entry<ServedDescriptor> => entry.descriptor.delivery === 'function',
  );
}
