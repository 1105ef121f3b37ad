import { createRequire } from 'node:module';

/*
 * Imported before anything else. The optimizing compilers of V8 touch 8 MB of code and data here, which a program that
 * works a few milliseconds a second does not need (`npm run bench:agent`); its baseline compiler stays. Collecting
 * garbage sooner saves 1 to 4 MB, more on machines with more to read. Every Node.js since 18 knows these flags.
 */
const flags = ['--no-opt', '--max-optimized-bytecode-size=0', '--optimize-for-size'];

// Loading node:v8 itself takes a megabyte, so the unit gives the flags on the command line.
if (!flags.every((flag) => process.execArgv.includes(flag))) {
  const { setFlagsFromString }: typeof import('node:v8') = createRequire('/')('node:v8');
  for (const flag of flags) setFlagsFromString(flag);
}
