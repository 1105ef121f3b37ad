import * as z from 'zod';
import type { PolicyDocument } from '../../../types';

// CloudFormation takes numbers and booleans as texts, and the other way round.
export const text = z.union([z.string(), z.number(), z.boolean()], 'must be a text').transform(String);

export const number = z
  .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/, 'must be a number')], 'must be a number')
  .transform(Number);

export const flag = z
  .union([z.boolean(), z.literal(['true', 'false'])], 'must be true or false')
  .transform((value) => value === true || value === 'true');

/** A property that is accepted and has no effect here. */
export const withoutEffect = z.unknown().optional();

export const json = z.union([z.record(z.string(), z.unknown()), z.string()], 'must be JSON');

export const policyDocument = z
  .looseObject({ Version: z.string().optional(), Statement: z.unknown() }, 'must be a policy document')
  .transform((document) => document as unknown as PolicyDocument);

export function toJson(value: Readonly<Record<string, unknown>> | string): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
