/** What limits an agent's view, by the words of its health, as the end of a sentence about the agent. */
const words: Readonly<Record<string, string>> = {
  'cpu-budget': 'looks at the processes less often, to keep its CPU budget',
  gap: 'stood still for a time',
  'no-children-files': 'reads all processes each time, since the kernel lists no children',
  'no-new-pids': 'finds new processes by scans only',
  hidden: "can't see all processes",
  unreadable: "can't read all that it measures",
  'shared-cgroup': "can't see what leaves the process tree, since others share the cgroup",
  exceptions: 'saw children that ended too soon to be compared with exceptions',
  'sigchld-ignored': 'watches a process whose short children leave no trace, since it ignores SIGCHLD',
  state: "can't store what must survive a restart",
};

/** In words for people. What an agent of another version says is shown unchanged. */
export function describeDegraded(reasons: readonly string[]): string {
  if (reasons.length === 0) return 'has an incomplete view';
  return reasons
    .map((reason) => (Object.hasOwn(words, reason) ? words[reason] : `reports ${reason}`))
    .join('; ');
}
