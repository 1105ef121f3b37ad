import { readTokens, SqlParseException, type Token } from './rule-tokens';
import { isValidFilter } from './topics';

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Expression =
  | { readonly type: 'literal'; readonly value: string | number | boolean }
  | { readonly type: 'path'; readonly keys: readonly string[] }
  | { readonly type: 'call'; readonly name: RuleFunctionName; readonly topicSegment?: number }
  | {
      readonly type: 'compare';
      readonly operator: Comparison;
      readonly sides: readonly [Expression, Expression];
    }
  | { readonly type: 'and' | 'or'; readonly sides: readonly [Expression, Expression] }
  | { readonly type: 'not'; readonly operand: Expression };

type SelectItem =
  | { readonly type: 'all' }
  | { readonly type: 'value'; readonly expression: Expression; readonly alias: string };

export interface RuleStatement {
  readonly select: readonly SelectItem[];
  readonly filter: string;
  readonly where?: Expression;
}

/** `encode(*, 'base64')` is the whole payload; the others describe the message. */
const FUNCTION_NAMES = [
  'encode',
  'topic',
  'clientid',
  'principal',
  'timestamp',
  'newuuid',
  'sourceip',
] as const;
type RuleFunctionName = (typeof FUNCTION_NAMES)[number];

const COMPARISONS: readonly string[] = ['=', '<>', '<', '<=', '>', '>='];
const KEYWORDS = new Set([
  'SELECT',
  'FROM',
  'WHERE',
  'AND',
  'OR',
  'NOT',
  'AS',
  'TRUE',
  'FALSE',
  'VALUE',
  'IN',
]);
/** A statement nested deeper is an attack on the stack, not a rule. */
const MAX_DEPTH = 50;

/** Reads the part of AWS IoT SQL that is emulated; throws SqlParseException naming the first token beyond it. */
export function parseRuleSql(sql: string): RuleStatement {
  const reader = createReader(readTokens(sql));
  reader.expectKeyword('SELECT');
  const select = readSelect(reader);
  reader.expectKeyword('FROM');
  const filter = reader.expectString('a topic filter in quotes');
  if (!isValidFilter(filter)) throw new SqlParseException(`${JSON.stringify(filter)} is no topic filter`);
  const where = reader.takeKeyword('WHERE') ? readOr(reader, 0) : undefined;
  const rest = reader.peek();
  if (rest.kind !== 'end') throw unexpected(rest, 'the end of the statement');
  return { select, filter, ...(where && { where }) };
}

interface Reader {
  peek(): Token;
  next(): Token;
  takeSymbol(text: string): boolean;
  takeKeyword(word: string): boolean;
  expectSymbol(text: string): void;
  expectKeyword(word: string): void;
  expectString(what: string): string;
}

function createReader(tokens: readonly Token[]): Reader {
  const end: Token = { kind: 'end', text: 'end of statement', at: 0 };
  let index = 0;
  const peek = (): Token => tokens[index] ?? tokens.at(-1) ?? end;
  const next = (): Token => {
    const token = peek();
    index += 1;
    return token;
  };
  const take = (isWanted: boolean): boolean => {
    if (isWanted) index += 1;
    return isWanted;
  };
  const takeSymbol = (text: string): boolean => take(peek().kind === 'symbol' && peek().text === text);
  const takeKeyword = (word: string): boolean => take(isKeyword(peek(), word));
  return {
    peek,
    next,
    takeSymbol,
    takeKeyword,
    expectSymbol(text) {
      if (!takeSymbol(text)) throw unexpected(peek(), text);
    },
    expectKeyword(word) {
      if (!takeKeyword(word)) throw unexpected(peek(), word);
    },
    expectString(what) {
      const token = next();
      if (token.kind !== 'string') throw unexpected(token, what);
      return token.text;
    },
  };
}

function readSelect(reader: Reader): SelectItem[] {
  const items: SelectItem[] = [];
  do {
    items.push(readSelectItem(reader));
  } while (reader.takeSymbol(','));
  return items;
}

function readSelectItem(reader: Reader): SelectItem {
  if (reader.takeSymbol('*')) return { type: 'all' };
  const start = reader.peek();
  const expression = readOperand(reader, 0);
  if (reader.takeKeyword('AS')) {
    const alias = reader.next();
    if (alias.kind !== 'word' || KEYWORDS.has(alias.text.toUpperCase()))
      throw unexpected(alias, 'a name after AS');
    return { type: 'value', expression, alias: alias.text };
  }
  const alias = nameOf(expression);
  if (alias === undefined)
    throw new SqlParseException(`${describe(start)} needs a name: write AS and a name`);
  return { type: 'value', expression, alias };
}

function nameOf(expression: Expression): string | undefined {
  if (expression.type === 'path') return expression.keys.at(-1);
  return expression.type === 'call' ? expression.name : undefined;
}

function readOr(reader: Reader, depth: number): Expression {
  let left = readAnd(reader, depth);
  while (reader.takeKeyword('OR')) left = { type: 'or', sides: [left, readAnd(reader, depth)] };
  return left;
}

function readAnd(reader: Reader, depth: number): Expression {
  let left = readNot(reader, depth);
  while (reader.takeKeyword('AND')) left = { type: 'and', sides: [left, readNot(reader, depth)] };
  return left;
}

function readNot(reader: Reader, depth: number): Expression {
  if (depth > MAX_DEPTH) throw new SqlParseException('The condition is nested too deep');
  if (reader.takeKeyword('NOT')) return { type: 'not', operand: readNot(reader, depth + 1) };
  const left = readOperand(reader, depth);
  const { kind, text } = reader.peek();
  if (kind !== 'symbol' || !isComparison(text)) return left;
  reader.next();
  return { type: 'compare', operator: text, sides: [left, readOperand(reader, depth)] };
}

function readOperand(reader: Reader, depth: number): Expression {
  if (reader.takeSymbol('(')) {
    const inner = readOr(reader, depth + 1);
    reader.expectSymbol(')');
    return inner;
  }
  const isNegative = reader.takeSymbol('-');
  const token = reader.next();
  if (token.kind === 'number') return { type: 'literal', value: isNegative ? -token.value : token.value };
  if (isNegative) throw unexpected(token, 'a number after -');
  if (token.kind === 'string') return { type: 'literal', value: token.text };
  if (isKeyword(token, 'TRUE')) return { type: 'literal', value: true };
  if (isKeyword(token, 'FALSE')) return { type: 'literal', value: false };
  if (token.kind !== 'word' || KEYWORDS.has(token.text.toUpperCase())) {
    throw unexpected(token, 'a field, a function or a literal');
  }
  return reader.takeSymbol('(') ? readCall(reader, token) : readPath(reader, token.text);
}

function readPath(reader: Reader, first: string): Expression {
  const keys = [first];
  while (reader.takeSymbol('.')) {
    const key = reader.next();
    if (key.kind !== 'word') throw unexpected(key, 'a field name after the dot');
    keys.push(key.text);
  }
  return { type: 'path', keys };
}

function readCall(reader: Reader, token: Token): Expression {
  const name = FUNCTION_NAMES.find((known) => known === token.text);
  if (name === undefined) {
    throw new SqlParseException(
      `Function ${describe(token)} is not emulated; known are ${FUNCTION_NAMES.join(', ')}`,
    );
  }
  if (name === 'encode') {
    reader.expectSymbol('*');
    reader.expectSymbol(',');
    const scheme = reader.expectString("'base64'");
    if (scheme !== 'base64') throw new SqlParseException(`encode() knows 'base64', not '${scheme}'`);
  }
  const segment = name === 'topic' ? readTopicSegment(reader) : undefined;
  reader.expectSymbol(')');
  return { type: 'call', name, ...(segment !== undefined && { topicSegment: segment }) };
}

function readTopicSegment(reader: Reader): number | undefined {
  const token = reader.peek();
  if (token.kind !== 'number') return undefined;
  if (!Number.isInteger(token.value) || token.value < 1)
    throw unexpected(token, 'a topic segment, counted from 1');
  reader.next();
  return token.value;
}

function isComparison(text: string): text is Comparison {
  return COMPARISONS.includes(text);
}

function isKeyword(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toUpperCase() === word;
}

function describe(token: Token): string {
  return token.kind === 'end' ? token.text : `'${token.text}' at position ${token.at + 1}`;
}

function unexpected(token: Token, wanted: string): SqlParseException {
  return new SqlParseException(`Unexpected ${describe(token)}: expected ${wanted}`);
}
