import { ConfigurationError } from '../../shared/config/parse';

export type Tags = Readonly<Record<string, string>>;

/** The tags of a resource, those of the stack included (tagging limits of each service). */
const most = 50;

/** What every service accepts. A comma separates tags, and the first equals sign a key from its value. */
const characters = String.raw`[\p{L}\p{N} _.:/=+@-]`;
const keyPattern = new RegExp(`^(?!aws:)${characters.replace('=', '')}{1,128}$`, 'iu');
const valuePattern = new RegExp(`^${characters}{0,256}$`, 'u');

/** The tags of all that a stage has: its own two, and those of the parameter `tags`, written as `KEY=VALUE,KEY=VALUE`. */
export function writeTags(stage: string, given?: string | null): Tags {
  const own = { service: 'cordon', stage };
  if (given === undefined || given === null || given === '') return own;
  const tags = String(given)
    .split(',')
    .map((text) => readTag(text.trim()));
  const faults = [...findFaults(tags, Object.keys(own))];
  if (faults.length > 0) throw new ConfigurationError(faults);
  return { ...own, ...Object.fromEntries(tags) };
}

function readTag(text: string): [key: string, value: string] {
  const [key = ''] = text.split('=');
  return [key, text.slice(key.length + 1)];
}

function* findFaults(
  tags: readonly (readonly [key: string, value: string])[],
  own: readonly string[],
): Generator<string> {
  // IAM takes no two keys that differ in case only.
  const keys = tags.map(([key]) => key.toLowerCase());
  for (const [index, [key, value]] of tags.entries()) {
    const place = `parameter tags: ${JSON.stringify(key)}`;
    if (!keyPattern.test(key))
      yield `${place}: expected KEY=VALUE,KEY=VALUE with keys of up to 128 letters, digits, spaces and _.:/+@- that do not begin with aws:`;
    else if (own.includes(key.toLowerCase())) yield `${place}: Cordon sets this tag itself; leave it out`;
    else if (keys.indexOf(key.toLowerCase()) !== index)
      yield `${place} is given more than once; give it once (IAM takes keys that differ in case only as one)`;
    if (!valuePattern.test(value))
      yield `${place}: its value ${JSON.stringify(value)} has more than 256 characters, or others than letters, digits, spaces and _.:/=+@-`;
  }
  if (tags.length + own.length > most)
    yield `parameter tags: ${tags.length} tags, and Cordon sets ${own.length}; a resource has at most ${most}: leave out ${tags.length + own.length - most}`;
}
