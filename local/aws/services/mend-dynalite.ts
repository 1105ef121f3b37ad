import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';

interface Iterator {
  return?: () => Promise<void>;
  close(): Promise<void>;
}
interface AbstractLevel {
  readonly AbstractKeyIterator: { readonly prototype: Iterator };
  readonly AbstractValueIterator: { readonly prototype: Iterator };
}

const fromDynalite = createRequire(createRequire(import.meta.url).resolve('dynalite'));

/** The package under dynalite's store, as that store finds it. */
export function loadAbstractLevel(): unknown {
  return createRequire(fromDynalite.resolve('memory-level'))('abstract-level');
}

/**
 * dynalite computes the checksum of each answer byte by byte, which took a thirtieth of the stack's time. Node has a
 * native function.
 */
export function sumNatively(): void {
  const checksum = fromDynalite('buffer-crc32') as { unsigned: (body: string) => number };
  checksum.unsigned = crc32;
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
