import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { listPages, type Page, root, withoutBlocks } from './pages';

/** A heading as GitHub names its anchor: lower case, without punctuation, spaces as hyphens; a repeated one is numbered. */
function listAnchors(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function withoutCode(text: string): string {
  return withoutBlocks(text).replace(/`[^`\n]*`/g, 'code');
}

/** The targets of a page's links and pictures, except on other sites. */
function listTargets({ text }: Page): readonly string[] {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(
    ([, target = '']) => target,
  );
  return targets.filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target));
}

const pages = listPages();

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_, page) => {
  it('links only to existing files and sections', () => {
    const broken = listTargets(page).filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(root, page.path) : join(root, dirname(page.path), path);
      if (!existsSync(file) || relative(root, file).startsWith('..')) return true;
      if (anchor === undefined) return false;
      return statSync(file).isDirectory() || !listAnchors(readFileSync(file, 'utf8')).has(anchor);
    });

    expect(broken).toEqual([]);
  });
});

describe('the pages', () => {
  it('can all be reached from the README by links', () => {
    const reached = new Set<string>();
    const follow = (path: string): void => {
      const page = pages.find((one) => one.path === path);
      if (!page || reached.has(path)) return;
      reached.add(path);
      for (const target of listTargets(page)) {
        const [file = ''] = target.split('#');
        if (file !== '') follow(relative(root, join(root, dirname(path), file)));
      }
    };
    follow('README.md');

    expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });

  it('have no path of the machine on which they were written', () => {
    const leaking = pages
      .filter(({ text }) => /\/(home|Users|tmp|root)\/[a-z]/.test(text))
      .map(({ path }) => path);

    expect(leaking).toEqual([]);
  });
});

describe('a comment that cites docs/facts.md', () => {
  const rooms = ['agent', 'bench', 'cli', 'functions', 'infra', 'local', 'scripts', 'shared', 'test'];
  const cited = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs|cjs)$/.test(file))
      .flatMap((file) => {
        const text = readFileSync(join(root, room, file), 'utf8');
        return [...text.matchAll(/docs\/facts\.md#([\w-]+)/g)].map(([, section = '']) => section);
      }),
  );

  it('names one of its sections', () => {
    const sections = listAnchors(readFileSync(join(root, 'docs', 'facts.md'), 'utf8'));

    expect(cited).toContain('other-agents');
    expect(cited.filter((section) => !sections.has(section))).toEqual([]);
  });
});
