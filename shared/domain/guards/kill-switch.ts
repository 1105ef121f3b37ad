import * as z from 'zod/mini';
import '../schema-language';
import { parseJson } from '../json';
import { clip } from '../text';

/** The state of the kill switch. Cordon acts only while it is off; an unreadable switch is not off. */
export interface KillSwitch {
  readonly state: 'on' | 'off' | 'unknown';
  /** Who switched it and when (ISO 8601), if known. */
  readonly by?: string | undefined;
  readonly at?: string | undefined;
  /** Why it was switched, or why it is unknown. */
  readonly reason?: string | undefined;
}

/** Nothing may be applied: the kill switch is on, or can't be read. */
export interface Withheld {
  readonly code: 'kill-switch';
  readonly killSwitch: KillSwitch;
}

const text = (max: number) => z.optional(z.string().check(z.maxLength(max)));

export const maxReason = 500;
const maxActor = 256;

/** The value that `cordon kill-switch` stores; a person may also store just `on` or `off`. */
const stored = z.object({
  state: z.enum(['on', 'off']),
  by: text(maxActor),
  at: z.optional(z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/))),
  reason: text(maxReason),
});

/** Reads the value of the parameter. `undefined`: the parameter does not exist yet, so the switch is off. */
export function readKillSwitch(value: string | undefined): KillSwitch {
  if (value === undefined) return { state: 'off' };
  const word = value.trim();
  if (word === 'on' || word === 'off') return { state: word };
  const read = stored.safeParse(parseJson(value));
  if (read.success) return read.data;
  return { state: 'unknown', reason: `its value is neither on nor off: ${clip(value, 100)}` };
}

/**
 * A value that Parameter Store accepts, whatever people write: at most 4 KB, and no double braces, which it reads as another
 * parameter (API reference, PutParameter).
 */
export function writeKillSwitch(killSwitch: KillSwitch & { readonly state: 'on' | 'off' }): string {
  const { by, reason } = killSwitch;
  const value = {
    ...killSwitch,
    ...(by !== undefined && { by: clean(by, maxActor) }),
    ...(reason !== undefined && { reason: clean(reason, maxReason) }),
  };
  return JSON.stringify(value).replaceAll('{{', '{\\u007b').replaceAll('}}', '}\\u007d');
}

/** As JSON, a control character has six bytes. */
function clean(words: string, most: number): string {
  return clip(words.replace(/\p{Cc}/gu, ' '), most);
}

/** Why nothing may be applied; undefined while the switch is off. */
export function findWithheld(killSwitch: KillSwitch): Withheld | undefined {
  return killSwitch.state === 'off' ? undefined : { code: 'kill-switch', killSwitch };
}

/** The switch as a command sees it: an operator who forces a command declares an unreadable switch off. */
export function killSwitchFor(
  command: { readonly type: string; readonly force?: boolean | undefined },
  read: KillSwitch,
): KillSwitch {
  return read.state === 'unknown' && command.force ? { state: 'off' } : read;
}
