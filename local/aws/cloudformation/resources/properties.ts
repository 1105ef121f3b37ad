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

const tagKey = z
  .string()
  .regex(/^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu, 'is no key of a tag, or begins with aws:');
const tagValue = z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u, 'is no value of a tag');

/** Tags have no effect here, but AWS refuses some (tagging limits in the user guide of each service). */
export const tagMap = z
  .record(tagKey, tagValue)
  .refine((tags) => Object.keys(tags).length <= 50, 'has more than 50 tags')
  .optional();

export const tagList = z
  .array(z.strictObject({ Key: tagKey, Value: tagValue }))
  .max(50, 'has more than 50 tags')
  // IAM takes no two keys that differ in case only.
  .refine((tags) => new Set(tags.map(({ Key }) => Key.toLowerCase())).size === tags.length, 'has a key twice')
  .optional();

export const json = z.union([z.record(z.string(), z.unknown()), z.string()], 'must be JSON');

export const policyDocument = z
  .looseObject({ Version: z.string().optional(), Statement: z.unknown() }, 'must be a policy document')
  .transform((document) => document as unknown as PolicyDocument);

export function toJson(value: Readonly<Record<string, unknown>> | string): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
