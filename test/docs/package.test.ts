import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPages, root } from './pages';

describe('docs/package.md', () => {
  it('names the only dependency of the package', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const page = listPages().find(({ path }) => path === 'docs/package.md');

    // One in an exact version: what is bundled is known, and npm chooses the versions of the rest.
    expect(dependencies).toEqual({ osls: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(page?.text).toMatch(/^\[osls\]\(.*\) is the only dependency, in one exact version;/m);
  });
});
