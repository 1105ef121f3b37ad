const levels = ['debug', 'info', 'warn', 'error', 'off'] as const;

export type LogLevel = (typeof levels)[number];

export type Log = (
  level: Exclude<LogLevel, 'off'>,
  event: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** Writes one JSON line per event. JSON escapes control characters; DEL and C1 are escaped here, so a terminal stays as it is. */
export function createLog(least: LogLevel, write: (line: string) => void, clock: () => number): Log {
  return (level, event, fields = {}) => {
    if (levels.indexOf(level) < levels.indexOf(least)) return;
    const line = JSON.stringify({ time: new Date(clock()).toISOString(), level, event, ...fields });
    write(`${escapeControls(line)}\n`);
  };
}

function escapeControls(line: string): string {
  return line.replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
