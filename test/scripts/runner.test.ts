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

  it('begins with the files that wait, in an order of their own', async () => {
    const { waiting } = Sequencer;

    const sorted = await sort([...names, ...waiting].toReversed());

    expect(sorted).toHaveLength(names.length + waiting.length);
    expect(sorted.slice(0, waiting.length)).toEqual(waiting);
    expect(new Set(sorted.slice(waiting.length))).toEqual(new Set(names));
    expect(waiting).not.toContain(sorted.at(-1));
  });

  it('keeps every file if few others are left, or none', async () => {
    expect(new Set(await sort(Sequencer.waiting))).toEqual(new Set(Sequencer.waiting));
    expect(await sort(['shared/small-1', 'e2e/story'])).toEqual(['e2e/story', 'shared/small-1']);
  });
});

describe('the workers that run the test files', () => {
  const TwoPools: new (
    config: { readonly maxWorkers: number },
    context: object,
  ) => {
    on(event: string, listener: (test: Test) => void): unknown;
    runTests(tests: readonly Test[], watcher: object, options: { readonly serial: boolean }): Promise<void>;
  } = createRequire(import.meta.url)('../runner/runner.cjs');
  const { waiting } = createRequire(import.meta.url)('../runner/sequencer.cjs');
  type Test = { readonly path: string };
  const testOf = (file: string): Test => ({ path: `/checkout/test/${file}.test.ts` });
  const others = ['shared/small-1', 'shared/small-2', 'cli/small-3'];

  /** What each of Jest's runners would get, by the number of its workers. */
  async function runAll(maxWorkers: number, files: readonly string[], serial = false) {
    const given: Record<number, readonly string[]> = {};
    const heard: string[] = [];
    class Runner {
      readonly #maxWorkers: number;
      #tell: (test: Test) => void = () => {};
      constructor(config: { readonly maxWorkers: number }) {
        this.#maxWorkers = config.maxWorkers;
      }
      on(_event: string, listener: (test: Test) => void) {
        this.#tell = listener;
        return () => {};
      }
      async runTests(tests: readonly Test[]) {
        given[this.#maxWorkers] = tests.map(({ path }) =>
          path.slice('/checkout/test/'.length, -'.test.ts'.length),
        );
        for (const test of tests) this.#tell(test);
      }
    }
    class Pools extends TwoPools {
      static Runner = Runner;
    }
    const pools = new Pools({ maxWorkers }, {});
    pools.on('test-file-success', ({ path }) => heard.push(path));
    await pools.runTests(files.map(testOf), {}, { serial });
    expect(heard.toSorted()).toEqual(files.map((file) => testOf(file).path).toSorted());
    return given;
  }

  it('are two for the files that compute, and the rest for those that wait', async () => {
    expect(await runAll(8, [...waiting, ...others])).toEqual({ 6: waiting, 2: others });
  });

  it('have any file if there is only one kind, if they are few, or if Jest runs files one after the other', async () => {
    expect(await runAll(8, others)).toEqual({ 8: others });
    expect(await runAll(8, waiting)).toEqual({ 8: waiting });
    expect(await runAll(2, [...waiting, ...others])).toEqual({ 2: [...waiting, ...others] });
    expect(await runAll(8, [...waiting, ...others], true)).toEqual({ 8: [...waiting, ...others] });
  });
});

it('the quick tests leave out files that exist, so that a moved one does not join them', () => {
  const leftOut: readonly string[] = createRequire(import.meta.url)('../runner/left-out-of-quick.cjs');
  const isThere = (name: string) => existsSync(join(import.meta.dirname, '..', `${name}.test.ts`));

  expect(leftOut.length).toBeGreaterThan(20);
  expect(leftOut.filter((name) => !isThere(name))).toEqual([]);
});
