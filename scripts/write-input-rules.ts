/**
 * Writes what AWS IoT checks of the requests that the local stack emulates, of the service model that botocore has:
 * node --import ./scripts/native-typescript.mjs scripts/write-input-rules.ts SERVICE-2.JSON
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { iotRoutes } from '../local/aws/iot/control-plane';
import { createIotRegistry } from '../local/aws/iot/registry';

interface Member {
  readonly shape: string;
  readonly location?: string;
  readonly locationName?: string;
}

interface Shape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, Member>>;
  readonly member?: Member;
  readonly key?: Member;
  readonly value?: Member;
  readonly pattern?: string;
}

interface Model {
  readonly operations: Readonly<Record<string, { readonly input?: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** POSIX classes of Java's patterns. */
const classes: Readonly<Record<string, string>> = {
  Upper: 'A-Z',
  Lower: 'a-z',
  Digit: '0-9',
  Alpha: 'a-zA-Z',
  Alnum: 'a-zA-Z0-9',
  Graph: '!-~',
  Print: ' -~',
  Cntrl: '\\x00-\\x1f\\x7f',
};

function translate(pattern: string): string {
  const text = pattern.replace(/\\p\{(\w+)\}/g, (all, name: string) => classes[name] ?? all);
  return `^(?:${text})$`;
}

const { operations, shapes }: Model = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const written: Record<string, object> = {};

/** Actions of topic rules, each with settings of another service: the stand-in checks those that it carries out. */
const left = new Set(['Action', 'ActionList']);

function write(name: string): string {
  const shape = shapes[name];
  if (!shape || written[name]) return name;
  if (left.has(name)) written[name] = { type: shape.type };
  if (written[name]) return name;
  const { type, required, members, member, key, value, pattern, ...rest } = shape as Shape &
    Record<string, unknown>;
  const { documentation: _documentation, exception: _exception, ...limits } = rest;
  written[name] = {};
  written[name] = {
    type,
    ...limits,
    ...(pattern !== undefined && { pattern: translate(pattern) }),
    ...(required?.length && { required }),
    ...(members && {
      members: Object.fromEntries(
        Object.entries(members).map(([field, { shape: of, location, locationName }]) => [
          field,
          { of: write(of), ...(location && { in: location, as: locationName ?? field }) },
        ]),
      ),
    }),
    ...(member && { member: write(member.shape) }),
    ...(key && { key: write(key.shape) }),
    ...(value && { value: write(value.shape) }),
  };
  return name;
}

const ignore = () => undefined;
const registry = createIotRegistry(
  { partition: 'aws', accountId: '000000000000', region: 'us-east-1' },
  { endpoint: () => '', now: Date.now, log: { info: ignore, warn: ignore } },
);
const inputs = Object.fromEntries(
  iotRoutes(registry)
    .map(({ operation }) => operation)
    .sort()
    .flatMap((operation) => {
      const input = operations[operation]?.input?.shape;
      return input === undefined ? [] : [[operation, write(input)]];
    }),
);
const sorted = Object.fromEntries(Object.entries(written).sort(([a], [b]) => (a < b ? -1 : 1)));
/** One line for each member, as Biome keeps it. */
const lines = (value: object, deep: boolean): string =>
  `{${Object.entries(value)
    .map(
      ([key, one]) =>
        `\n${JSON.stringify(key)}: ${deep && 'members' in one ? lines(one, false) : JSON.stringify(one)}`,
    )
    .join(',')}\n}`;
writeFileSync(
  'local/aws/iot/input-rules.json',
  `{"inputs": ${JSON.stringify(inputs, undefined, 2)}, "shapes": ${lines(sorted, true)}}\n`,
);
