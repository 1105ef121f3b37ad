import * as z from 'zod/mini';
import { severities } from '../severity';
import '../schema-language';
import { registryName } from '../text';
import { durationPattern, expectedDuration, readDurationMs } from './duration';

/** Fields that several sections of cordon.yml have. */

export const name = z
  .string()
  .check(z.regex(registryName, 'expected 1 to 128 characters of a-z A-Z 0-9 : _ - (AWS IoT names)'));

/** `90s`, `30m`, `24h`, `7d` -> milliseconds. */
export const duration = z.pipe(
  z.string().check(z.regex(durationPattern, expectedDuration)),
  z.transform(readDurationMs),
);

/**
 * What AWS IoT accepts as an attribute (API reference, AttributePayload). An empty value removes the attribute, so no
 * stored value is empty.
 */
const attributeName = z
  .string()
  .check(
    z.regex(
      /^[a-zA-Z0-9_.,@/:#-]{1,128}$/,
      'no attribute is called so: expected 1 to 128 of a-z A-Z 0-9 _ . , @ / : # -',
    ),
  );
const attributeValue = z
  .string()
  .check(
    z.regex(
      /^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/,
      'no attribute has this value: expected 1 to 800 of a-z A-Z 0-9 _ . , @ / : # = [ ] -',
    ),
  );

export const attribute = z
  .record(attributeName, attributeValue)
  .check(
    z.refine((value) => Object.keys(value).length === 1, { message: 'expected one attribute and its value' }),
  );

export const severity = z.enum(severities);

export const senderName = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected 1 to 32 of a-z 0-9 -, beginning with a letter'));
