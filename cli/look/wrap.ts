import { measureText } from './measure-text.cjs';

/**
 * Ends lines between words if a terminal is narrower, and begins what follows further in. A word that is wider than the
 * terminal stays whole, so that an id or a command can be copied; without a width all lines do.
 */
export function wrapWords(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, width))
    .join('\n');
}

function wrapLine(line: string, width: number): string[] {
  if (measureText(line) <= width) return [line];
  const [indent = ''] = /^ */.exec(line) ?? [];
  const further = ' '.repeat(Math.min(indent.length + 2, Math.floor(width / 4)));
  const lines: string[] = [];
  let current = indent;
  let used = indent.length;
  let isEmpty = true;
  for (const [, space = '', word = ''] of line.slice(indent.length).matchAll(/( *)([^ ]+)/g)) {
    const more = space.length + measureText(word);
    if (!isEmpty && used + more > width) {
      lines.push(current);
      current = further + word;
      used = further.length + measureText(word);
    } else {
      current += space + word;
      used += more;
    }
    isEmpty = false;
  }
  return [...lines, current];
}
