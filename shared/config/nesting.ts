import { Lexer, Parser } from 'yaml';

// The agent imports nothing of shared/, so it has a copy of this file: test/scripts/rooms.test.ts compares them.

/** Several times what any field needs. */
const deepest = 50;

export const tooDeepFault = `nests more than ${deepest} levels deep`;

/**
 * The line at which a YAML text nests too deep, found without parsing the rest. The yaml library takes seconds for such
 * a text. If keys are collections, it never ends, because the text of each key contains the text of every key within
 * it.
 */
export function findTooDeepLine(text: string): number | undefined {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // The parsed text is not needed, only the number of open collections.
    Array.from(parser.next(lexeme));
    if (parser.stack.length > deepest) return text.slice(0, parser.offset).split('\n').length;
  }
  return undefined;
}
