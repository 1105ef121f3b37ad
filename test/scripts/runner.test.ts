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

describe('each file that begins first', () => {
  it('exists', () => {
    const { first } = createRequire(import.meta.url)('../runner/sequencer.cjs') as { first: string[] };

    const missing = first.filter((name) => !existsSync(join(import.meta.dirname, '..', `${name}.test.ts`)));
    expect(missing).toEqual([]);
  });
});
