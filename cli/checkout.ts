import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A file of the folder, or else of the checkout that the folder is in (bin/cordon.mjs says which). */
export function findInCheckout(file: string): string {
  const { CORDON_CHECKOUT: checkout } = process.env;
  return existsSync(file) || checkout === undefined ? file : join(checkout, file);
}

/** The default cordon.yml. */
export function findConfiguration(): string {
  return process.env.CORDON_CONFIG ?? findInCheckout('cordon.yml');
}
