import type { IamRequest, PolicyDocument, PolicyStatement } from '../../types';
import { conditionsHold, type IamContext, isSupportedOperator } from './iam-condition';
import { toList } from './to-list';
import { compileParts, type PatternPart, parsePattern } from './wildcard';

export type IamDecision = 'allowed' | 'implicit-deny' | 'explicit-deny';

/** Condition keys and policy variables the gateway fills in for each request. */
const suppliedContextKeys: ReadonlySet<string> = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principaltype',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourceip',
]);

/** A statement whose patterns are ready to be matched. */
interface CompiledStatement {
  readonly effect: PolicyStatement['Effect'];
  readonly coversAction: Test;
  readonly coversResource: (resource: string, context: IamContext) => boolean;
  readonly conditions: NonNullable<PolicyStatement['Condition']>;
}

type Test = (text: string) => boolean;

/** Every call of a function meets all statements of its role, which change only with the role. */
const compiled = new WeakMap<PolicyDocument, readonly CompiledStatement[]>();

/** Decides as IAM does for identity policies: an explicit deny wins, and what nothing allows is denied. */
export function evaluateIam(
  documents: readonly PolicyDocument[],
  request: IamRequest,
  context: IamContext,
): IamDecision {
  const action = request.action.toLowerCase();
  const statements = documents.flatMap(compileDocument).filter(({ coversAction }) => coversAction(action));
  const decisions = request.resources.map((resource) => {
    const matching = statements.filter(
      ({ coversResource, conditions }) =>
        coversResource(resource, context) && conditionsHold(conditions, context),
    );
    if (matching.some(({ effect }) => effect === 'Deny')) return 'explicit-deny';
    return matching.some(({ effect }) => effect === 'Allow') ? 'allowed' : 'implicit-deny';
  });
  if (decisions.includes('explicit-deny')) return 'explicit-deny';
  // An operation on several resources needs all of them; one on none at all is never allowed.
  return decisions.length > 0 && !decisions.includes('implicit-deny') ? 'allowed' : 'implicit-deny';
}

function compileDocument(document: PolicyDocument): readonly CompiledStatement[] {
  const known = compiled.get(document);
  if (known) return known;
  const statements = toList(document.Statement).map((statement) => ({
    effect: statement.Effect,
    coversAction: compileActions(statement),
    coversResource: compileResources(statement),
    conditions: statement.Condition ?? {},
  }));
  compiled.set(document, statements);
  return statements;
}

/** Takes the action in lower case. */
function compileActions({ Action, NotAction }: PolicyStatement): Test {
  const tests = toList(NotAction ?? Action ?? []).map((pattern) =>
    compileParts(parsePattern(pattern.toLowerCase())),
  );
  const named: Test = (action) => tests.some((test) => test(action));
  return NotAction === undefined ? named : (action) => !named(action);
}

function compileResources({
  Resource,
  NotResource,
  Effect,
}: PolicyStatement): CompiledStatement['coversResource'] {
  const patterns = toList(NotResource ?? Resource ?? []).map(compileResource);
  // A pattern whose variable has no value matches nothing.
  if (NotResource === undefined)
    return (resource, context) => patterns.some((pattern) => pattern(context)?.(resource));
  return (resource, context) => {
    const excluded = patterns.map((pattern) => pattern(context));
    if (excluded.includes(undefined)) return Effect === 'Deny';
    return !excluded.some((test) => test?.(resource));
  };
}

function compileResource(pattern: string): (context: IamContext) => Test | undefined {
  if (!pattern.includes('${')) {
    const test = compileParts(parsePattern(pattern));
    return () => test;
  }
  return (context) => {
    const parts = substituteVariables(pattern, context);
    return parts && compileParts(parts);
  };
}

/** Fills in `${key}`; a value is literal, so that a `*` in it cannot widen the pattern. */
function substituteVariables(pattern: string, context: IamContext): PatternPart[] | undefined {
  const parts: PatternPart[] = [];
  for (const piece of pattern.split(/(\$\{[^}]*\})/)) {
    const key = /^\$\{(.*)\}$/.exec(piece)?.[1];
    if (key === undefined) {
      parts.push(...parsePattern(piece));
      continue;
    }
    const value = ['*', '?', '$'].includes(key) ? key : context[key.toLowerCase()];
    if (typeof value !== 'string') return undefined;
    parts.push({ literal: value });
  }
  return parts;
}

const statementElements = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/** Names everything in a document that the gateway cannot enforce as IAM would; none means it can. */
export function validateIamDocument(document: unknown): string[] {
  if (!isRecord(document)) return ['the policy document is not an object'];
  const problems = Object.keys(document)
    .filter((name) => !['Version', 'Id', 'Statement'].includes(name))
    .map((name) => `the element ${name} is not supported`);
  if (document.Version !== undefined && document.Version !== '2012-10-17') {
    problems.push(`Version ${JSON.stringify(document.Version)} is not supported, write 2012-10-17`);
  }
  if (document.Statement === undefined) return [...problems, 'Statement is missing'];
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  return problems.concat(
    statements.flatMap((statement, index) => {
      const label = isRecord(statement) && typeof statement.Sid === 'string' ? statement.Sid : index;
      return validateStatement(statement).map((problem) => `statement ${label}: ${problem}`);
    }),
  );
}

function validateStatement(statement: unknown): string[] {
  if (!isRecord(statement)) return ['is not an object'];
  const problems = Object.keys(statement)
    .filter((name) => !statementElements.has(name))
    .map((name) => `the element ${name} is not supported in an identity policy`);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    problems.push('Effect must be Allow or Deny');
  }
  for (const name of ['Action', 'Resource']) {
    const given = [name, `Not${name}`].filter((element) => statement[element] !== undefined);
    if (given.length !== 1) problems.push(`needs either ${name} or Not${name}`);
    for (const element of given) problems.push(...validatePatterns(element, statement[element]));
  }
  return problems.concat(validateCondition(statement.Condition));
}

function validatePatterns(element: string, value: unknown): string[] {
  const patterns: unknown[] = Array.isArray(value) ? value : [value];
  if (patterns.length === 0) return [`${element} is empty`];
  return patterns.flatMap((pattern) => {
    if (typeof pattern !== 'string') return [`${element} ${JSON.stringify(pattern)} is not a string`];
    const form = element.endsWith('Action') ? /^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/ : /^(\*|arn:.+)$/s;
    if (!form.test(pattern)) return [`${element} ${JSON.stringify(pattern)} has the wrong form`];
    return [...pattern.matchAll(/\$\{([^}]*)\}/g)]
      .map(([, key = '']) => key)
      .filter((key) => !['*', '?', '$'].includes(key) && !suppliedContextKeys.has(key.toLowerCase()))
      .map((key) => `the policy variable ${key} is not supported`);
  });
}

function validateCondition(condition: unknown): string[] {
  if (condition === undefined) return [];
  if (!isRecord(condition)) return ['Condition is not an object'];
  return Object.entries(condition).flatMap(([operator, keys]) => {
    if (!isSupportedOperator(operator)) return [`the condition operator ${operator} is not supported`];
    if (!isRecord(keys)) return [`the condition operator ${operator} has no keys`];
    return Object.keys(keys)
      .filter((key) => !suppliedContextKeys.has(key.toLowerCase()))
      .map((key) => `the condition key ${key} is not supported`);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
