import type { PolicyDocument, PolicyStatement } from '../../types';
import { IotServiceError } from './errors';

/** "2048 characters, excluding white space" (IoT Core quotas). */
const MAX_DOCUMENT_LENGTH = 2048;
const VERSIONS: readonly unknown[] = ['2012-10-17', '2008-10-17'];
const STATEMENT_KEYS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
const ACTION = /^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/;
const RESOURCE = /^(\*|arn:.+)$/s;

function malformed(why: string): IotServiceError {
  return new IotServiceError('MalformedPolicyException', `Policy document is malformed: ${why}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkStrings(value: unknown, pattern: RegExp, what: string): void {
  const items = Array.isArray(value) ? value : [value];
  const valid = items.length > 0 && items.every((item) => typeof item === 'string' && pattern.test(item));
  if (!valid) throw malformed(`${what} is not valid`);
}

function checkCondition(condition: unknown): void {
  if (condition === undefined) return;
  if (!isRecord(condition) || !Object.values(condition).every(isRecord)) {
    throw malformed('Condition must map operators to keys and values');
  }
}

function checkStatement(statement: unknown): asserts statement is PolicyStatement {
  if (!isRecord(statement)) throw malformed('Statement must be an object');
  const unknownKey = Object.keys(statement).find((key) => !STATEMENT_KEYS.includes(key));
  if (unknownKey !== undefined) throw malformed(`Statement has an unknown element ${unknownKey}`);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny')
    throw malformed('Effect is not Allow or Deny');
  if ('Action' in statement === 'NotAction' in statement) throw malformed('Action or NotAction, one of them');
  if ('Resource' in statement === 'NotResource' in statement) {
    throw malformed('Resource or NotResource, one of them');
  }
  checkStrings(statement.Action ?? statement.NotAction, ACTION, 'Action');
  checkStrings(statement.Resource ?? statement.NotResource, RESOURCE, 'Resource');
  checkCondition(statement.Condition);
}

/** Reads a policy document as CreatePolicy does; throws MalformedPolicyException. */
export function parsePolicyDocument(text: unknown): PolicyDocument {
  if (typeof text !== 'string') throw malformed('it is not a string');
  if (text.replace(/\s/g, '').length > MAX_DOCUMENT_LENGTH) {
    throw malformed(`it exceeds ${MAX_DOCUMENT_LENGTH} characters without white space`);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('it is not JSON');
  }
  if (!isRecord(document)) throw malformed('it is not an object');
  if (!VERSIONS.includes(document.Version)) throw malformed('Version must be 2012-10-17');
  const { Statement: statement } = document;
  if (statement === undefined) throw malformed('Statement is missing');
  for (const item of Array.isArray(statement) ? statement : [statement]) checkStatement(item);
  return document as unknown as PolicyDocument;
}
