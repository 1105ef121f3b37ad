/** AWS's error for a statement it cannot read; here also for one that this emulation cannot run. */
export class SqlParseException extends Error {
  override readonly name = 'SqlParseException';
}

export type Token =
  | { readonly kind: 'word' | 'symbol' | 'string'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly text: string; readonly value: number; readonly at: number }
  | { readonly kind: 'end'; readonly text: string; readonly at: number };

const PATTERN =
  /\s+|(?<string>'(?:[^'\\]|'')*')|(?<number>\d+(?:\.\d+)?)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<symbol><>|<=|>=|[=<>(),.*-])/y;

/** Cuts a statement into tokens; throws on a character that starts none. */
export function readTokens(sql: string): Token[] {
  const pattern = new RegExp(PATTERN);
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const groups = pattern.exec(sql);
    if (!groups) throw new SqlParseException(`Unexpected ${JSON.stringify(sql[at])} at position ${at + 1}`);
    const token = toToken(groups.groups ?? {}, at);
    if (token) tokens.push(token);
  }
  return [...tokens, { kind: 'end', text: 'end of statement', at: sql.length }];
}

function toToken(groups: Readonly<Record<string, string | undefined>>, at: number): Token | undefined {
  if (groups.string !== undefined) {
    return { kind: 'string', text: groups.string.slice(1, -1).replaceAll("''", "'"), at };
  }
  if (groups.number !== undefined) {
    return { kind: 'number', text: groups.number, value: Number(groups.number), at };
  }
  if (groups.word !== undefined) return { kind: 'word', text: groups.word, at };
  if (groups.symbol !== undefined) return { kind: 'symbol', text: groups.symbol, at };
  return undefined;
}
