import * as z from 'zod/mini';
import { unitMs } from './configuration/duration';
import { duration, name } from './configuration/fields';
import { exemption, playbook } from './configuration/playbooks';
import { customMetric, metricName, securityProfile } from './configuration/security-profiles';
import { sources, type sourceTopic } from './configuration/sources';

const mostPlaces = 1_000;

/**
 * Schema of the part of cordon.yml that the rules read, a file for each large section; `shared/config/schema.ts` adds the
 * channels. Validated once when packaging; functions get the validated value and import only its types.
 */
export const configurationSchema = z.strictObject({
  detector: z._default(z.enum(['cordon', 'device-defender', 'both']), 'cordon'),
  customMetrics: z._default(z.record(metricName, customMetric), {}),
  securityProfiles: z._default(z.record(name, securityProfile), {}),
  sources: z.prefault(sources, {}),
  playbooks: z.array(playbook).check(z.minLength(1)),
  guards: z.prefault(
    z.strictObject({
      exempt: z._default(z.array(exemption), []),
      fleetLimit: z._default(
        z.strictObject({
          /** All places are one item of the table, which has 400 KB at most, and a name may have 128 bytes. */
          things: z.int().check(z.gte(1), z.lte(mostPlaces, `expected at most ${mostPlaces}`)),
          /** A share of the registry's things, as the sweep counted them last; the smaller of the two limits holds. */
          percent: z.optional(z.number().check(z.gt(0), z.lte(100))),
          within: duration,
        }),
        { things: 10, within: 600_000 },
      ),
      maxThingsSharingPolicy: z._default(z.int().check(z.gte(1)), 1),
      /** After this time, an approval request expires, and the case is only recorded. */
      approvalExpires: z._default(duration, 86_400_000),
      /** What cuts a device off by hand, or overrides a guard, needs a second person (decide/second-person.ts). */
      fourEyes: z._default(z.boolean(), false),
    }),
    {},
  ),
  quarantine: z.prefault(
    z.strictObject({
      thingGroup: z._default(name, 'cordon-quarantine'),
      /** The account has the group already: the stack neither creates nor deletes it. */
      adopt: z._default(z.boolean(), false),
      /** A deny policy that the account has already, with `adopt`: the stack neither creates, changes nor deletes it. */
      policy: z.optional(
        z.string().check(z.regex(/^[\w+=,.@-]{1,128}$/, 'expected the name of an IoT policy')),
      ),
      /** What keeps the device out while IoT Core uses cached policies (6 to 8 minutes). */
      untilPoliciesSpread: z._default(
        z.enum(['deactivate-certificate', 'cut-reconnects']),
        'deactivate-certificate',
      ),
      keepTopics: z._default(
        z
          .array(
            z.string().check(z.regex(/^[^\s#+*]+(\/\*)?$/, 'expected a topic, * only as its last level')),
          )
          .check(z.minLength(1)),
        // biome-ignore-start lint/suspicious/noTemplateCurlyInString: a placeholder of cordon.yml, not of TypeScript.
        [
          '$aws/things/${thing}/defender/*',
          '$aws/things/${thing}/shadow/*',
          '$aws/things/${thing}/jobs/*',
          'cordon/things/${thing}/*',
        ],
        // biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of the placeholders.
      ),
    }),
    {},
  ),
  history: z.prefault(
    z.strictObject({
      /** How long a closed case is kept, with its timeline. */
      keepClosed: z._default(
        z.union([z.literal('forever'), duration], { error: 'expected a duration such as 400d, or forever' }),
        400 * unitMs.d,
      ),
    }),
    {},
  ),
  /** What a `job` action has the device do. */
  job: z._default(z.strictObject({ document: z.record(z.string(), z.unknown()) }), {
    document: { operation: 'cordon-collect-evidence' },
  }),
});

export type Configuration = z.output<typeof configurationSchema>;
export type SourceTopic = z.output<typeof sourceTopic>;
export type SecurityProfile = Configuration['securityProfiles'][string];
export type Behavior = SecurityProfile['behaviors'][number];
export type Criteria = Behavior['criteria'];
export type Playbook = Configuration['playbooks'][number];
export type ReleaseRule = Playbook['release'];
