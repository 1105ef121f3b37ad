import type { IamRequest, PolicyDocument } from '../../types';
import { listProblems } from './document';
import { compileDocument, type Decision, type Dialect, evaluate } from './evaluate';
import type { PolicyContext } from './variables';

export const iamDialect: Dialect = { deniesUnresolved: true, hasSetOperators: true };

/** Condition keys and policy variables the gateway fills in for each request. */
const suppliedKeys: ReadonlySet<string> = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principaltype',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourceip',
  'securityhub:asffsyntaxpath/workflow.status',
]);

/** Decides as IAM does for identity policies: an operation on several resources needs all of them. */
export function evaluateIam(
  documents: readonly PolicyDocument[],
  { action, resources }: IamRequest,
  context: PolicyContext,
): Decision {
  const statements = documents.flatMap(compileDocument);
  const decisions = resources.map(
    (resource) => evaluate(statements, { action, resource, context }, iamDialect).decision,
  );
  if (decisions.includes('EXPLICIT_DENY')) return 'EXPLICIT_DENY';
  // An operation on no resource at all is never allowed.
  return decisions.length > 0 && !decisions.includes('IMPLICIT_DENY') ? 'ALLOWED' : 'IMPLICIT_DENY';
}

/** A role's policies, and the permissions boundary that limits them. */
export interface Rights {
  readonly documents: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument;
}

/** Decides as IAM does for a role: a right needs a policy and, if there is one, the permissions boundary. */
export function evaluateRole(
  { documents, boundary }: Rights,
  request: IamRequest,
  context: PolicyContext,
): { readonly decision: Decision; readonly by: 'policies' | 'boundary' } {
  const decision = evaluateIam(documents, request, context);
  if (decision !== 'ALLOWED' || boundary === undefined) return { decision, by: 'policies' };
  return { decision: evaluateIam([boundary], request, context), by: 'boundary' };
}

/** Names everything in a document that the gateway cannot enforce as IAM would; none means it can. */
export function validateIamDocument(document: unknown): string[] {
  return listProblems(document, {
    versions: ['2012-10-17', undefined],
    supportsKey: (key) => suppliedKeys.has(key.toLowerCase()),
  });
}
