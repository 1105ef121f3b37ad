import { createLog, type LogLevel } from '../../agent/log';

function capture(level: LogLevel) {
  const lines: string[] = [];
  return {
    lines,
    log: createLog(
      level,
      (line) => lines.push(line),
      () => 0,
    ),
  };
}

describe('createLog', () => {
  it('writes one JSON line per event', () => {
    const { lines, log } = capture('info');
    log('warn', 'disconnected', { reason: 'gone' });

    expect(lines).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"disconnected","reason":"gone"}\n',
    ]);
  });

  it('keeps control characters from a terminal', () => {
    const { lines, log } = capture('info');
    log('error', 'rejected', { message: 'a\nb\u001b[2J\u007f\u009b\u2028\u202e' });

    expect(lines.join('')).toMatch(/^[\x20-\x7e]*\n$/);
  });

  it('leaves out messages below its level', () => {
    const { lines, log } = capture('error');
    log('info', 'reported');
    log('error', 'fatal');

    expect(lines).toHaveLength(1);
  });
});
