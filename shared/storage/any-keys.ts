import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * Names with which AWS's client loses a field or refuses the object: it builds objects by assignment, which sets the prototype,
 * and asks `object.constructor` what an object is.
 */
const unsafe = /^\\*(?:__proto__|constructor)$/;

/** The name under which the table keeps a field, for a caller that writes a single field of a map. */
export const escapeKey = (name: string): string => (unsafe.test(name) ? `\\${name}` : name);
const unescapeKey = (name: string): string => (/^\\/.test(name) && unsafe.test(name) ? name.slice(1) : name);

/** Has a client keep fields of any name, since devices choose some of them. */
export function keepAnyKeys(documents: DynamoDBDocumentClient): DynamoDBDocumentClient {
  const sendEscaped = async (command: SentCommand, ...rest: readonly unknown[]) => {
    const { input } = command;
    const sent = hasUnsafeKey(input) ? new command.constructor(renameKeys(input, escapeKey)) : command;
    const output = await Reflect.apply(DynamoDBDocumentClient.prototype.send, documents, [sent, ...rest]);
    return hasUnsafeKey(output) ? renameKeys(output, unescapeKey) : output;
  };
  return Object.assign(documents, { send: sendEscaped });
}

interface SentCommand {
  readonly input: unknown;
  readonly constructor: new (input: unknown) => SentCommand;
}

/** Almost no object has such a key, so it is looked for before anything is copied. */
function hasUnsafeKey(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUnsafeKey);
  if (!isPlain(value)) return false;
  return Object.keys(value).some((key) => unsafe.test(key) || hasUnsafeKey(value[key]));
}

function renameKeys(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renameKeys(item, rename));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [rename(key), renameKeys(field, rename)]),
  );
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
