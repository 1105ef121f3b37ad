import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * Names with which AWS's client loses a field or refuses the object: it builds objects by assignment, which sets the prototype,
 * and asks `object.constructor` what an object is.
 */
const unsafe = /^\\*(?:__proto__|constructor)$/;

/** The name under which the table keeps a field, for who writes a single field of a map. */
export const escapeKey = (name: string): string => (unsafe.test(name) ? `\\${name}` : name);
const unescapeKey = (name: string): string => (/^\\/.test(name) && unsafe.test(name) ? name.slice(1) : name);

/** Has a client keep fields of any name, since devices choose some of them. */
export function keepAnyKeys(documents: DynamoDBDocumentClient): DynamoDBDocumentClient {
  const sendEscaped = async (command: SentCommand, ...rest: readonly unknown[]) => {
    const input = renameKeys(command.input, escapeKey);
    const sent = input === command.input ? command : new command.constructor(input);
    return renameKeys(
      await Reflect.apply(DynamoDBDocumentClient.prototype.send, documents, [sent, ...rest]),
      unescapeKey,
    );
  };
  return Object.assign(documents, { send: sendEscaped });
}

interface SentCommand {
  readonly input: unknown;
  readonly constructor: new (input: unknown) => SentCommand;
}

/** The same object, unless a key in it has another name now. */
function renameKeys(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => renameKeys(item, rename));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isPlain(value)) return value;
  const before = Object.entries(value);
  const after = before.map(([key, field]) => [rename(key), renameKeys(field, rename)] as const);
  const isSame = after.every(
    ([key, field], index) => key === before[index]?.[0] && field === before[index]?.[1],
  );
  return isSame ? value : Object.fromEntries(after);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
