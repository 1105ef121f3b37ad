import { createRequire } from 'node:module';

interface Iterator {
  return?: () => Promise<void>;
  close(): Promise<void>;
}
interface AbstractLevel {
  readonly AbstractKeyIterator: { readonly prototype: Iterator };
  readonly AbstractValueIterator: { readonly prototype: Iterator };
}

/** The package under dynalite's store, as that store finds it. */
export function loadAbstractLevel(): unknown {
  const fromDynalite = createRequire(createRequire(import.meta.url).resolve('dynalite'));
  return createRequire(fromDynalite.resolve('memory-level'))('abstract-level');
}

/**
 * dynalite ends its iterators by `return()`, which those of abstract-level don't have. Each query would leave one open,
 * with what it has read, for as long as the stack runs.
 */
export function letIteratorsClose(): void {
  const { AbstractKeyIterator, AbstractValueIterator } = loadAbstractLevel() as AbstractLevel;
  for (const { prototype } of [AbstractKeyIterator, AbstractValueIterator])
    prototype.return = function close(this: Iterator) {
      return this.close();
    };
}
