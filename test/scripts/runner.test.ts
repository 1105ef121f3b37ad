import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const key = Symbol.for('cordon.jest-environment');
const Environment = createRequire(import.meta.url)('../runner/environment.cjs');

describe('what a test file changes in the worker process that it shares', () => {
  const own = Reflect.get(globalThis, key);
  const { exit } = process;
  let environment: {
    global: typeof globalThis;
    atEnd: (() => unknown)[];
    moduleMocker: typeof import('jest-mock').ModuleMocker.prototype;
    fakeTimersModern: { useFakeTimers(): void };
    teardown(): Promise<void>;
  };
  beforeEach(() => {
    environment = new Environment({ projectConfig: { fakeTimers: {} } });
  });
  afterEach(() => Reflect.set(globalThis, key, own));

  it('is put back after it: environment variables, folder, exit, console, timers, spies, and what it asked for', async () => {
    const { console, setTimeout } = globalThis;
    const directory = process.cwd();
    const undone: string[] = [];
    process.env.PATH = 'changed';
    process.env.CORDON_ADDED = 'added';
    process.chdir(tmpdir());
    process.exit = () => {
      throw new Error('changed');
    };
    globalThis.console = { ...console };
    environment.fakeTimersModern.useFakeTimers();
    const target = { read: () => 'real' };
    environment.moduleMocker.spyOn(target, 'read').mockImplementation(() => 'spied');
    environment.atEnd.push(
      () => undone.push('first'),
      () => undone.push('second'),
    );

    await environment.teardown();

    expect(process.env.PATH).not.toBe('changed');
    expect(process.env).not.toHaveProperty('CORDON_ADDED');
    expect(process.cwd()).toBe(directory);
    expect(process.exit).toBe(exit);
    expect(globalThis.console).toBe(console);
    expect(globalThis.setTimeout).toBe(setTimeout);
    expect(target.read()).toBe('real');
    expect(undone).toEqual(['second', 'first']);
  });
});

describe('the order in which test files begin', () => {
  const Sequencer: {
    waiting: readonly string[];
    new (options: object): { sort(tests: readonly object[]): Promise<readonly { readonly path: string }[]> };
  } = createRequire(import.meta.url)('../runner/sequencer.cjs');
  const names = Array.from({ length: 200 }, (_, index) => `shared/small-${index}`);
  const listTests = (files: readonly string[]) =>
    files.map((file) => ({
      path: `/checkout/test/${file}.test.ts`,
      context: { config: { id: 'all', cache: false }, hasteFS: { getSize: () => 1 } },
    }));
  const sort = async (files: readonly string[]) => {
    const sorted = await new Sequencer({ contexts: [], globalConfig: {} }).sort(listTests(files));
    return sorted.map(({ path }) => path.slice('/checkout/test/'.length, -'.test.ts'.length));
  };

  it('names only files that exist', () => {
    const isMissing = (name: string) => !existsSync(join(import.meta.dirname, '..', `${name}.test.ts`));

    expect(Sequencer.waiting.filter(isMissing)).toEqual([]);
  });

  it('begins with files that wait, mixes the rest of them with others, and leaves none for the end', async () => {
    const { waiting } = Sequencer;

    const sorted = await sort([...names, ...waiting].toReversed());

    expect(sorted).toHaveLength(names.length + waiting.length);
    expect(new Set(sorted).size).toBe(sorted.length);
    expect(sorted.filter((name) => waiting.includes(name))).toEqual(waiting);
    const places = waiting.map((name) => sorted.indexOf(name));
    const gaps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
    expect(gaps.slice(0, 5)).toEqual([1, 1, 1, 1, 1]);
    expect(Math.min(...gaps.slice(6))).toBeGreaterThan(4);
    expect(waiting).not.toContain(sorted.at(-1));
  });

  it('keeps every file if few others are left, or none', async () => {
    expect(new Set(await sort(Sequencer.waiting))).toEqual(new Set(Sequencer.waiting));
    expect(await sort(['shared/small-1', 'e2e/story'])).toEqual(['e2e/story', 'shared/small-1']);
  });
});
