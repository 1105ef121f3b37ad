import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colors a text, or leaves it as it is. */
type Paint = (format: Format, text: string) => string;

export interface Screen {
  /** Columns of the terminal; absent if the output is not a terminal, and lines are not cut. */
  readonly width?: number;
  readonly paint: Paint;
  /** How the reader called this command, so that a printed command can be copied. */
  readonly command: string;
}

export const plain: Screen = { paint: (_format, text) => text, command: 'cordon' };

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(env?: object): boolean;
}

/** Color only on a terminal that has it, and not with NO_COLOR (no-color.org): an empty one counts as unset. */
export function openScreen(output: Output = process.stdout, env: NodeJS.ProcessEnv = process.env): Screen {
  // What npx sets (docs.npmjs.com, npm exec). In a checkout, nothing else is called cordon.
  const command = env.npm_command === 'exec' ? 'npx cordon' : plain.command;
  if (!output.isTTY) return { ...plain, command };
  const isColoured = !env.NO_COLOR && (output.hasColors?.(env) ?? false);
  return {
    command,
    width: Math.max(40, output.columns || 80),
    // Determined here, because Node 22 would otherwise check standard output a second time.
    paint: isColoured ? (format, text) => styleText(format, text, { validateStream: false }) : plain.paint,
  };
}

const severities: Readonly<Record<string, Format>> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'dim',
};

export function severityFormat(severity: string): Format | undefined {
  return severities[severity];
}

const statuses: Readonly<Record<string, Format>> = {
  'containment-failed': ['bold', 'red'],
  'release-conflict': ['bold', 'red'],
  'awaiting-approval': ['bold', 'yellow'],
  containing: 'cyan',
  releasing: 'cyan',
  contained: 'green',
  observed: 'dim',
  closed: 'dim',
};

export function statusFormat(status: string): Format | undefined {
  return statuses[status];
}
