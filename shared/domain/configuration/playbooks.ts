import * as z from 'zod/mini';
import { actionNames } from '../actions/registry';
import { auditChecks } from './audit-checks';
import { attribute, duration, name, senderName, severity } from './fields';

const actions = z.array(z.enum(actionNames));

/** Who releases: an operator, or time. A clear alone never does, but it may start a clean hold time. */
const release = z.union(
  [
    z.strictObject({ by: z.literal('operator') }),
    z.strictObject({ clearedFor: duration }),
    z.strictObject({ after: duration }),
  ],
  { error: 'expected { by: operator }, { clearedFor: 30m } or { after: 24h }' },
);

/** A child that is expected, as in the agent's `except`: the file that runs, never a name that a process gives itself. */
const exception = z.strictObject(
  {
    executable: z
      .string()
      .check(
        z.regex(
          /^\/[^\s…]{0,510}[^\s/…]$/u,
          'expected the absolute path of a program without spaces: a process can give itself any name',
        ),
      ),
    arguments: z.optional(
      z
        .array(
          z.string().check(
            z.regex(
              /^[^\s…]+$/u,
              'expected an argument without spaces, because evidence does not show where an argument with spaces ends',
            ),
            z.refine((text) => !text.includes('***'), {
              message: 'the agent hides what looks like a secret: write * in place of this argument',
            }),
          ),
        )
        .check(z.maxLength(64)),
    ),
  },
  {
    error: ({ code, input }) =>
      code === 'invalid_type'
        ? `expected { executable: /usr/bin/curl, arguments: [-V] }, not ${typeof input === 'string' ? `the name ${input}, which a process can give itself` : 'this'}`
        : undefined,
  },
);

export const playbook = z.strictObject({
  name,
  when: z._default(
    z.strictObject({
      securityProfile: z.optional(name),
      behavior: z.optional(name),
      metric: z.optional(z.string()),
      thingGroup: z.optional(name),
      thingType: z.optional(name),
      attribute: z.optional(attribute),
      /** At least this confidence of an ML behavior. */
      confidence: z.optional(z.enum(['LOW', 'MEDIUM', 'HIGH'])),
      /** A sender of `sources.external`, whose findings no other playbook is for. */
      source: z.optional(senderName),
      /** At least this severity of its finding. */
      severity: z.optional(severity),
      /** A check of Device Defender Audit, whose findings no other playbook is for. */
      auditCheck: z.optional(z.enum(auditChecks)),
    }),
    {},
  ),
  severity: z._default(severity, 'medium'),
  mode: z.enum(['observe', 'approve', 'enforce']),
  actions: z._default(actions, []),
  /** More actions for a thing that was contained this often within the time. */
  escalate: z.optional(
    z.strictObject({
      afterContainments: z.int().check(z.gte(1), z.lte(20)),
      within: duration,
      actions: actions.check(z.minLength(1)),
    }),
  ),
  release: z._default(release, { by: 'operator' }),
  /** If each child in the evidence of an alarm matches one of these, the alarm is only recorded. */
  unless: z.optional(z.array(exception).check(z.minLength(1), z.maxLength(32))),
});

export const exemption = z
  .strictObject({
    thingGroup: z.optional(name),
    attribute: z.optional(attribute),
  })
  .check(
    z.refine((value) => Object.keys(value).length === 1, { message: 'expected thingGroup or attribute' }),
  );
