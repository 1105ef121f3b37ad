import { isRecord } from '../wire/json';

/** SQS takes ten, SNS any number (developer guides, "Message attributes"). */
const mostOfQueue = 10;
const reserved = /^(aws|amazon)\.|^\.|\.$|\.\./i;
const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** What SQS and SNS refuse of the attributes of a message, in their words; undefined if they take them. */
export function findAttributeFault(
  attributes: Readonly<Record<string, unknown>>,
  most = mostOfQueue,
): string | undefined {
  const names = Object.keys(attributes);
  if (names.length > most)
    return `Number of message attributes [${names.length}] exceeds the allowed maximum [${most}].`;
  for (const [name, given] of Object.entries(attributes)) {
    const fault = faultOf(name, isRecord(given) ? given : {});
    if (fault) return fault;
  }
  return undefined;
}

function faultOf(name: string, given: Readonly<Record<string, unknown>>): string | undefined {
  if (!/^[\w.-]{1,256}$/.test(name) || reserved.test(name)) return `Invalid message attribute name: ${name}`;
  const { DataType: type } = given;
  const kind = /^(String|Number|Binary)(\.|$)/.exec(typeof type === 'string' ? type : '')?.[1];
  if (!kind)
    return `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`;
  const value = kind === 'Binary' ? given.BinaryValue : given.StringValue;
  if (typeof value !== 'string' || value === '')
    return `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`;
  if (kind === 'Number' && !number.test(value))
    return `Could not cast message attribute '${name}' value to number.`;
  return undefined;
}
