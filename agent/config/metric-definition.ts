/** Which processes a metric is about. A name is a kernel name, the file name of the program, or of argv[0]. */
export type ProcessSelector =
  | { readonly name: string }
  /** The absolute path of the program. */
  | { readonly executable: string }
  /** All that runs in the cgroup of a systemd unit. */
  | { readonly unit: string }
  /** File name or absolute path of what an interpreter runs: `app.js` of `node app.js`. */
  | { readonly script: string };

/** The types of Device Defender's custom metrics (CreateCustomMetric). */
export type MetricType = 'number' | 'number-list' | 'string-list' | 'ip-address-list';

export interface ExecDefinition {
  readonly metric: string;
  readonly collect: 'exec';
  /** Absolute path of a program and its arguments; no shell reads them. */
  readonly command: readonly [string, ...string[]];
  readonly type: MetricType;
  readonly everySeconds: number;
  readonly timeoutSeconds: number;
}

/** A metric of the watched processes and their descendants. */
export interface ProcessDefinition {
  readonly metric: string;
  /** Number of descendants; their names; the peers of them and their descendants. */
  readonly collect: 'children' | 'child-names' | 'remote-addresses';
  readonly of: ProcessSelector;
  /** Expected children, which do not count. Not for `remote-addresses`. */
  readonly except?: readonly ChildException[];
}

/** A child that is expected: the very file, and with these arguments if they are given (`*`: any one). */
export interface ChildException {
  readonly executable: string;
  readonly arguments?: readonly string[];
}

export interface LoadDefinition {
  readonly metric: string;
  /** Percent of one core and resident bytes; of the machine: percent of all cores and bytes in use. */
  readonly collect: 'cpu-percent' | 'memory';
  /** The whole machine if left out. */
  readonly of?: ProcessSelector;
}

/** One custom metric: its name and how it is collected. */
export type MetricDefinition = ProcessDefinition | LoadDefinition | ExecDefinition;

export type Collect = MetricDefinition['collect'];

interface CollectTraits {
  /** Looked at with each sample; the others cost more, and are looked at once a second. */
  readonly isFast: boolean;
  /** Whatever was seen during the interval counts, not only the newest value. */
  readonly isOfInterval: boolean;
}

/** What `collect` may be. */
export const collects: Readonly<Record<Collect, CollectTraits>> = {
  children: { isFast: true, isOfInterval: true },
  'child-names': { isFast: true, isOfInterval: true },
  'remote-addresses': { isFast: false, isOfInterval: true },
  'cpu-percent': { isFast: false, isOfInterval: false },
  memory: { isFast: false, isOfInterval: true },
  exec: { isFast: true, isOfInterval: false },
};

/** An invalid `metrics` section. The message is one line that begins with the field. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}

/** Name of the selected processes in reports and logs. */
export function labelOf(selector: ProcessSelector): string {
  if ('name' in selector) return selector.name;
  if ('executable' in selector) return selector.executable;
  return 'unit' in selector ? selector.unit : `script ${selector.script}`;
}
