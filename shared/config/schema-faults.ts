import type * as z from 'zod/mini';
import type { Fault } from './fault';
import { fileSchema } from './schema';

/** The schema's error about a value, in words that say what to write instead. */
export function explainIssue(issue: z.core.$ZodIssue): readonly Fault[] {
  const path = issue.path.filter(isKey);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = listKnownKeys(path).join(', ');
      const why = path.includes('unless') ? '; a process can give itself any name' : '';
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `unknown; expected one of ${known}${why}`,
      }));
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message }));
    case 'invalid_type':
      // Zod's error for a missing required key.
      if (issue.message.endsWith('received undefined'))
        return [{ path, message: `missing: expected ${issue.expected}` }];
      break;
  }
  return [{ path, message: issue.message }];
}

/** The keys that an object at `path` may have. */
function listKnownKeys(path: readonly (string | number)[]): readonly string[] {
  let schemas = listAlternatives(fileSchema);
  for (const key of path) schemas = schemas.flatMap((schema) => step(schema, key));
  return [...new Set(schemas.flatMap(({ def }) => (def.type === 'object' ? Object.keys(def.shape) : [])))];
}

type Definition = z.core.$ZodTypes['_zod'];

/** The values that a schema accepts as input: for a union, each of its options. */
function listAlternatives(schema: z.core.$ZodType): readonly Definition[] {
  const inner = schema._zod as Definition;
  const { def } = inner;
  switch (def.type) {
    case 'union':
      return def.options.flatMap(listAlternatives);
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return listAlternatives(def.innerType);
    case 'pipe':
      return listAlternatives(def.in);
    case 'lazy':
      return listAlternatives(def.getter());
    default:
      return [inner];
  }
}

function step({ def }: Definition, key: string | number): readonly Definition[] {
  if (def.type === 'array') return typeof key === 'number' ? listAlternatives(def.element) : [];
  if (def.type === 'record') return listAlternatives(def.valueType);
  if (def.type !== 'object') return [];
  const next = Object.hasOwn(def.shape, key) ? def.shape[key] : def.catchall;
  return next ? listAlternatives(next) : [];
}

function isKey(key: PropertyKey): key is string | number {
  return typeof key !== 'symbol';
}
