import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const { openKept } = createRequire(import.meta.url)('../../../infra/bundling/kept-bundles.cjs') as {
  openKept(root: string, kind: string, more?: string): { readonly folder: string };
};

const files = [
  'functions/operate/index.ts',
  'shared/text.ts',
  'infra/bundling/bundle-functions.cjs',
  'console/main.tsx',
  'tsconfig.json',
  'package.json',
  'scripts/build-console.mjs',
  'node_modules/.package-lock.json',
];

let checkouts: string;
beforeEach(() => {
  checkouts = mkdtempSync(join(tmpdir(), 'cordon-kept-'));
});
afterEach(() => rmSync(checkouts, { recursive: true, force: true }));

/** The name of the bundles of a checkout in which one file differs. */
function nameBundles(changed?: string, more?: string): string {
  const checkout = mkdtempSync(join(checkouts, 'checkout-'));
  for (const file of files) {
    mkdirSync(dirname(join(checkout, file)), { recursive: true });
    writeFileSync(join(checkout, file), file === changed ? 'changed' : 'same');
  }
  return basename(openKept(checkout, 'functions', more).folder);
}

describe('the bundles that a checkout keeps', () => {
  it('are used again for the same sources', () => {
    expect(nameBundles()).toBe(nameBundles());
  });

  // The functions have the version of package.json in them.
  it.each(files)('are not used after %s has changed', (file) => {
    expect(nameBundles(file)).not.toBe(nameBundles());
  });

  it('are not used if something else goes into them', () => {
    expect(nameBundles(undefined, 'a')).toBe(nameBundles(undefined, 'a'));
    expect(nameBundles(undefined, 'a')).not.toBe(nameBundles(undefined, 'b'));
  });
});
