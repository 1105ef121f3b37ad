import * as z from 'zod/mini';
import type { Fault } from './fault';
import { fileSchema } from './schema';

/** The part of a JSON schema that leads from one key to the next. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

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
  let nodes: readonly Node[] = [z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' }) as Node];
  for (const key of path) nodes = nodes.flatMap(listAlternatives).flatMap((node) => step(node, key));
  return [
    ...new Set(nodes.flatMap(listAlternatives).flatMap(({ properties = {} }) => Object.keys(properties))),
  ];
}

function listAlternatives(node: Node): readonly Node[] {
  return node.anyOf ? node.anyOf.flatMap(listAlternatives) : [node];
}

function step({ properties, additionalProperties, items }: Node, key: string | number): readonly Node[] {
  const named = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
  const next = typeof key === 'number' ? items : (named ?? additionalProperties);
  return typeof next === 'object' ? [next] : [];
}

function isKey(key: PropertyKey): key is string | number {
  return typeof key !== 'symbol';
}
