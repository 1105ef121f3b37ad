import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A page of the documentation. */
export interface Page {
  /** The path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  readonly language: string;
  /** The position in the page where its text begins. */
  readonly line: number;
  readonly text: string;
}

/** Every page that a reader is sent to: those at the root, in docs/, and the READMEs of folders. */
export function listPages(): readonly Page[] {
  const isPage = (name: string) => name.endsWith('.md');
  const at = (folder: string, recursive: boolean) =>
    readdirSync(join(root, folder), { recursive, withFileTypes: true })
      .filter((entry) => entry.isFile() && isPage(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  const folders = readdirSync(root).filter((name) => existsSync(join(root, name, 'README.md')));
  const paths = [
    ...[...at('.', false), ...at('docs', true), ...at('test/conformance', false)],
    ...folders.map((name) => join(name, 'README.md')),
  ].toSorted();
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export function listBlocks({ text }: Page): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const language = /^```(\S*)$/.exec(lines[index] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    if (end < 0) throw new Error(`a block that begins on line ${index + 1} has no end`);
    blocks.push({ language, line: index + 2, text: lines.slice(index + 1, end).join('\n') });
    index = end;
  }
  return blocks;
}

/** The texts between backticks on the page, outside of its blocks, also across a line break. */
export function listSpans({ text }: Page): readonly string[] {
  return [...withoutBlocks(text).matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replace(/\s+/g, ' '));
}

export function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** The commands of the page's `sh` blocks, in order; a line that ends in a backslash continues on the next. */
export function listCommands(page: Page): readonly string[] {
  return listBlocks(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
