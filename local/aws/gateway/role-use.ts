import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyDocument } from '../../types';
import type { Decision } from '../policy/evaluate';
import { evaluateIam } from '../policy/iam';
import { toList } from '../policy/to-list';
import type { PolicyContext } from '../policy/variables';

/** One line of a file of role use: a right that a role has, one that was used, or one that it lacked. */
export interface RoleUseLine {
  readonly what: 'granted' | 'used' | 'refused';
  /** Logical id in the template. */
  readonly role: string;
  readonly action: string;
  /** The pattern of the statement, or the resource of a refused call. */
  readonly resource: string;
}

/** Receives each IAM decision for one role. */
export type RoleWatch = (
  action: string,
  resource: string,
  context: PolicyContext,
  decision: Decision,
) => void;

/** Records the rights that the roles of a stack have, use and lack. */
export interface RoleUse {
  watch(role: string, documents: readonly PolicyDocument[]): RoleWatch;
}

/** Writes to its own file in the folder at once, so that even a killed stack leaves a record of what it used. */
export function recordRoleUse(folder: string): RoleUse {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${process.pid}-${crypto.randomUUID()}.jsonl`);
  return createRoleUse((line) => appendFileSync(file, `${JSON.stringify(line)}\n`));
}

/** Writes each line once. */
export function createRoleUse(write: (line: RoleUseLine) => void): RoleUse {
  const told = new Set<string>();
  const writeOnce = (line: RoleUseLine) => {
    const key = JSON.stringify(line);
    if (told.has(key)) return;
    told.add(key);
    write(line);
  };
  return {
    watch(role, documents) {
      const unused = new Set(listGrants(documents));
      for (const { action, resource } of unused) writeOnce({ what: 'granted', role, action, resource });
      return (action, resource, context, decision) => {
        if (decision !== 'ALLOWED') return writeOnce({ what: 'refused', role, action, resource });
        for (const grant of unused) {
          const request = { action, resources: [resource] };
          if (evaluateIam([grant.document], request, context) !== 'ALLOWED') continue;
          writeOnce({ what: 'used', role, action: grant.action, resource: grant.resource });
          unused.delete(grant);
        }
      };
    },
  };
}

interface Grant {
  readonly action: string;
  readonly resource: string;
  /** Allows this one and nothing else. */
  readonly document: PolicyDocument;
}

/** Splits statements into rights to one action on one resource pattern, because each of them must be needed. */
function listGrants(documents: readonly PolicyDocument[]): Grant[] {
  return documents
    .flatMap((document) => toList(document.Statement).map((statement) => ({ document, statement })))
    .filter(({ statement }) => statement.Effect === 'Allow')
    .flatMap(({ document, statement }) =>
      toList(statement.Action).flatMap((action) =>
        toList(statement.Resource).map((resource) => ({
          action,
          resource,
          document: { ...document, Statement: { ...statement, Action: action, Resource: resource } },
        })),
      ),
    );
}
