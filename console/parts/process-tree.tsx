import type { EvidenceAnswer } from '../api/types';
import { buildTree, type ProcessNode } from '../words/process-tree';
import { Ago } from './clock';

/** The processes of the evidence below their parents. All text is the device's word. */
export function ProcessTree({ evidence }: { readonly evidence: readonly EvidenceAnswer[] }) {
  return (
    <ul class="tree" aria-label="Processes">
      {buildTree(evidence).map((node, index) => (
        <TreeNode key={`${node.name} ${index}`} node={node} />
      ))}
    </ul>
  );
}

function TreeNode({ node: { name, process, children } }: { readonly node: ProcessNode }) {
  return (
    <li>
      <div class={process ? 'process is-found' : 'process'}>
        <b class="code">{name}</b>
        {process && <ProcessFacts process={process} />}
      </div>
      {children.length > 0 && (
        <ul>
          {children.map((child, index) => (
            <TreeNode key={`${child.name} ${index}`} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** A case of an earlier release may have an invalid time, since the device states it. */
const lastDate = 8.64e15;

function ProcessFacts({ process }: { readonly process: EvidenceAnswer }) {
  const { pid, user, startedAt, executable, commandLine } = process;
  return (
    <>
      <span class="facts">
        {pid !== undefined && <span>pid {pid}</span>}
        {user !== undefined && <span>user {user}</span>}
        {startedAt !== undefined && Math.abs(startedAt) <= lastDate && (
          <span>
            started <Ago at={startedAt} />
          </span>
        )}
        {executable !== undefined && <span class="code">{executable}</span>}
      </span>
      {commandLine !== undefined && <code class="command">{commandLine}</code>}
    </>
  );
}
