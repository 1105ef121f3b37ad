import { readlinkSync, readSync, writeSync } from 'node:fs';
import { host } from '../../agent/host';

/** Loaded into an agent by `--import`: writes a byte to descriptor 3 after each look at /proc/net/dev. */
host.readSync = ((descriptor: number, ...rest: [NodeJS.ArrayBufferView, number, number, number]) => {
  const count = readSync(descriptor, ...rest);
  if (readlinkSync(`/proc/self/fd/${descriptor}`).endsWith('/net/dev')) writeSync(3, '.');
  return count;
}) as typeof readSync;
