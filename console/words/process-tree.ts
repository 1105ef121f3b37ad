import type { EvidenceAnswer } from '../api/types';

export interface ProcessNode {
  readonly name: string;
  /** Absent for a parent that the evidence only names. */
  readonly process?: EvidenceAnswer;
  readonly children: readonly ProcessNode[];
}

interface Draft {
  readonly name: string;
  readonly process?: EvidenceAnswer;
  readonly children: Draft[];
}

/** The processes of the evidence below their parents, as far as the device told them. */
export function buildTree(evidence: readonly EvidenceAnswer[]): readonly ProcessNode[] {
  const roots: Draft[] = [];
  const byPid = new Map<number, Draft>();
  // A parent that is evidence itself comes first, so that its children find it.
  const ordered = [...evidence].sort(
    (one, other) => (one.parents?.length ?? 0) - (other.parents?.length ?? 0),
  );
  for (const process of ordered) {
    const node: Draft = { name: nameOf(process), process, children: [] };
    const parent = process.ppid === undefined ? undefined : byPid.get(process.ppid);
    const siblings = parent?.children ?? descend(roots, [...(process.parents ?? [])].reverse());
    siblings.push(node);
    if (process.pid !== undefined) byPid.set(process.pid, node);
  }
  return roots;
}

/** Finds or makes the chain of parents, the farthest first; the children of the nearest. */
function descend(roots: Draft[], chain: readonly string[]): Draft[] {
  let level = roots;
  for (const name of chain) {
    let next = level.find((node) => node.process === undefined && node.name === name);
    if (!next) {
      next = { name, children: [] };
      level.push(next);
    }
    level = next.children;
  }
  return level;
}

function nameOf({ executable, commandLine, pid }: EvidenceAnswer): string {
  const path = executable ?? commandLine?.split(' ')[0] ?? '';
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name === '' ? (pid === undefined ? 'a process' : `process ${pid}`) : name;
}
