import { isObject, isTooDeep, listFields, parseJson, withoutNulls } from '../json';
import type { Reading, Source } from './finding';
import { deviceDefender } from './sources/device-defender';
import { deviceDefenderAudit } from './sources/device-defender-audit';

/** The first source that recognizes a message reads it. */
export const sources: readonly Source[] = [deviceDefenderAudit, deviceDefender];

/** Reads one message of the alerts topic: raw, or still inside its SNS envelope. Never throws. */
export function readMessage(body: string, known: readonly Source[] = sources): Reading {
  const parsed = parseJson(body);
  if (parsed === undefined)
    return { kind: 'rejected', reason: isTooDeep(body) ? 'nested too deep' : 'not JSON' };
  if (!isObject(parsed)) return { kind: 'rejected', reason: 'not a JSON object' };
  if (parsed.Type !== 'Notification' || typeof parsed.Message !== 'string') return classify(parsed, known);
  const inner = parseJson(parsed.Message);
  return isObject(inner)
    ? classify(inner, known)
    : { kind: 'rejected', reason: 'Message of the SNS envelope is not a JSON object' };
}

function classify(sent: Readonly<Record<string, unknown>>, known: readonly Source[]): Reading {
  const message = withoutNulls(sent) as Readonly<Record<string, unknown>>;
  for (const source of known) {
    const reading = source.read(message);
    if (reading) return reading;
  }
  const expected = known.map(({ reads: { what, field } }) => `${what} (${field} is missing)`);
  return { kind: 'rejected', reason: `neither ${expected.join(' nor ')}: ${describeOther(message)}` };
}

/** What the sender may do instead. */
function describeOther(message: Readonly<Record<string, unknown>>): string {
  if ('class_uid' in message) return 'a finding of OCSF goes to the topic of its sender (sources.external)';
  return listFields(message);
}
