import { isRecord } from '../wire/json';
import { isSupportedOperator } from './condition';
import { listVariables } from './variables';

/** The part of the policy language that a service accepts. */
export interface Grammar {
  readonly versions: readonly unknown[];
  /** Whether conditions and variables of this key can be evaluated; absent if any may be named. */
  readonly supportsKey?: (key: string) => boolean;
}

const documentElements = ['Version', 'Id', 'Statement'];
const statementElements = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
const actionForm = /^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/;
const resourceForm = /^(\*|arn:.+)$/s;

/** Names everything in a document that does not follow the grammar; none means that it does. */
export function listProblems(document: unknown, grammar: Grammar): string[] {
  if (!isRecord(document)) return ['the policy document is not an object'];
  const problems = Object.keys(document)
    .filter((name) => !documentElements.includes(name))
    .map((name) => `the element ${name} is not supported`);
  if (!grammar.versions.includes(document.Version)) {
    problems.push(`Version ${JSON.stringify(document.Version)} is not supported, write 2012-10-17`);
  }
  if (document.Statement === undefined) return [...problems, 'Statement is missing'];
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  return problems.concat(
    statements.flatMap((statement, index) => {
      const label = isRecord(statement) && typeof statement.Sid === 'string' ? statement.Sid : index;
      return checkStatement(statement, grammar).map((problem) => `statement ${label}: ${problem}`);
    }),
  );
}

function checkStatement(statement: unknown, grammar: Grammar): string[] {
  if (!isRecord(statement)) return ['is not an object'];
  const problems = Object.keys(statement)
    .filter((name) => !statementElements.includes(name))
    .map((name) => `the element ${name} is not supported here`);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    problems.push('Effect must be Allow or Deny');
  }
  for (const name of ['Action', 'Resource']) {
    const given = [name, `Not${name}`].filter((element) => statement[element] !== undefined);
    if (given.length !== 1) problems.push(`needs either ${name} or Not${name}`);
    for (const element of given) problems.push(...checkPatterns(element, statement[element], grammar));
  }
  return problems.concat(checkCondition(statement.Condition, grammar));
}

function checkPatterns(element: string, value: unknown, grammar: Grammar): string[] {
  const patterns: unknown[] = Array.isArray(value) ? value : [value];
  if (patterns.length === 0) return [`${element} is empty`];
  const form = element.endsWith('Action') ? actionForm : resourceForm;
  return patterns.flatMap((pattern) => {
    if (typeof pattern !== 'string') return [`${element} ${JSON.stringify(pattern)} is not a string`];
    if (!form.test(pattern)) return [`${element} ${JSON.stringify(pattern)} has the wrong form`];
    return checkVariables(pattern, grammar);
  });
}

function checkVariables(text: string, { supportsKey }: Grammar): string[] {
  if (!supportsKey) return [];
  return listVariables(text)
    .filter((key) => !supportsKey(key))
    .map((key) => `the policy variable ${key} is not supported`);
}

function checkCondition(condition: unknown, grammar: Grammar): string[] {
  if (condition === undefined) return [];
  if (!isRecord(condition)) return ['Condition is not an object'];
  return Object.entries(condition).flatMap(([operator, keys]) => {
    if (!isRecord(keys)) return [`the condition operator ${operator} has no keys`];
    const { supportsKey } = grammar;
    if (!supportsKey) return [];
    if (!isSupportedOperator(operator)) return [`the condition operator ${operator} is not supported`];
    return Object.entries(keys).flatMap(([key, wanted]) => [
      ...(supportsKey(key) ? [] : [`the condition key ${key} is not supported`]),
      ...[wanted].flat().flatMap((value) => checkVariables(String(value), grammar)),
    ]);
  });
}
