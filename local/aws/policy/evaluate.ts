import type { PolicyDocument, PolicyStatement } from '../../types';
import { testCondition } from './condition';
import { toList } from './to-list';
import { compilePattern, listMissingVariables, type PolicyContext } from './variables';
import { compileParts, parsePattern, type TextTest } from './wildcard';

/** The decision in the words of IoT's TestAuthorization. */
export type Decision = 'ALLOWED' | 'EXPLICIT_DENY' | 'IMPLICIT_DENY';

/** A statement whose patterns are ready to be matched. */
export interface CompiledStatement {
  readonly statement: PolicyStatement;
  /** Policies of version 2008-10-17, as those without a version are, have no variables: `${...}` is literal text there. */
  readonly hasVariables: boolean;
  /** Takes the action in lower case. */
  readonly coversAction: TextTest;
  readonly coversResource: (resource: string, context: PolicyContext) => boolean;
}

export interface PolicyRequest {
  /** For example `iot:Publish`. */
  readonly action: string;
  readonly resource: string;
  readonly context: PolicyContext;
}

/** Differences of the policy language between the services of AWS. */
export interface Dialect {
  /**
   * Whether a Deny applies whose `NotResource` or condition has a variable without a value. An Allow never does. Where AWS
   * documents nothing, `false` is the worse case for a caller that relies on the Deny.
   */
  readonly deniesUnresolved: boolean;
  /** `ForAllValues:` and `ForAnyValue:`; elsewhere they can't be read. */
  readonly hasSetOperators: boolean;
}

export interface Evaluation<S extends CompiledStatement> {
  readonly decision: Decision;
  /** The statements that apply to the request. */
  readonly allowing: readonly S[];
  readonly denying: readonly S[];
}

/** Each request meets all statements of its caller, which change only with the policy. */
const compiled = new WeakMap<PolicyDocument, readonly CompiledStatement[]>();

export function compileDocument(document: PolicyDocument): readonly CompiledStatement[] {
  const known = compiled.get(document);
  if (known) return known;
  const hasVariables = document.Version === '2012-10-17';
  const statements = toList(document.Statement).map((statement) => ({
    statement,
    hasVariables,
    coversAction: compileActions(statement),
    coversResource: compileResources(statement, hasVariables),
  }));
  compiled.set(document, statements);
  return statements;
}

function compileActions({ Action, NotAction }: PolicyStatement): TextTest {
  const tests = toList(NotAction ?? Action).map((pattern) =>
    compileParts(parsePattern(pattern.toLowerCase())),
  );
  const isNamed: TextTest = (action) => tests.some((test) => test(action));
  return NotAction === undefined ? isNamed : (action) => !isNamed(action);
}

/** A pattern whose variable has no value matches nothing. */
function compileResources(
  { Resource, NotResource }: PolicyStatement,
  hasVariables: boolean,
): CompiledStatement['coversResource'] {
  const patterns = toList(NotResource ?? Resource).map((pattern) => compilePattern(pattern, hasVariables));
  const isNamed = (resource: string, context: PolicyContext) =>
    patterns.some((pattern) => pattern(context)?.(resource));
  return NotResource === undefined ? isNamed : (resource, context) => !isNamed(resource, context);
}

/** Explicit deny wins, then any allow; the default is an implicit deny. */
export function evaluate<S extends CompiledStatement>(
  statements: readonly S[],
  request: PolicyRequest,
  dialect: Dialect,
): Evaluation<S> {
  const action = request.action.toLowerCase();
  const applying = statements.filter(
    (compiledStatement) =>
      compiledStatement.coversAction(action) && appliesTo(compiledStatement, request, dialect),
  );
  const denying = applying.filter(({ statement }) => statement.Effect === 'Deny');
  const allowing = applying.filter(({ statement }) => statement.Effect === 'Allow');
  if (denying.length > 0) return { decision: 'EXPLICIT_DENY', allowing, denying };
  return { decision: allowing.length > 0 ? 'ALLOWED' : 'IMPLICIT_DENY', allowing, denying };
}

function appliesTo(
  { statement, hasVariables, coversResource }: CompiledStatement,
  { resource, context }: PolicyRequest,
  { deniesUnresolved, hasSetOperators }: Dialect,
): boolean {
  const isDeny = statement.Effect === 'Deny';
  const deniesAnyway = isDeny && deniesUnresolved;
  if (hasVariables && !deniesAnyway && isUnresolved(statement, context)) return false;
  if (!coversResource(resource, context)) return false;
  const variables = hasVariables ? context : undefined;
  const holds = testCondition(statement.Condition ?? {}, { context, variables, hasSetOperators });
  // A condition that can't be read must not widen access: an Allow with it does not apply, and a Deny does.
  return holds === 'yes' || (holds === 'unknown' && isDeny);
}

/** Whether a value that the statement needs as a whole has a variable that the context gives no value. */
function isUnresolved({ NotResource, Condition = {} }: PolicyStatement, context: PolicyContext): boolean {
  const wanted = Object.values(Condition).flatMap((keys) => Object.values(keys).flatMap(toList));
  return [...toList(NotResource), ...wanted].some(
    (value) => typeof value === 'string' && listMissingVariables(value, context).length > 0,
  );
}

/** The variables in the resources of these statements that the context gives no value. */
export function listMissingContext(
  statements: readonly CompiledStatement[],
  context: PolicyContext,
): readonly string[] {
  const patterns = statements
    .filter(({ hasVariables }) => hasVariables)
    .flatMap(({ statement }) => toList(statement.Resource ?? statement.NotResource));
  return [...new Set(patterns.flatMap((pattern) => listMissingVariables(pattern, context)))];
}
