import { createRequire } from 'node:module';

/*
 * Imported before anything else. The optimizing compilers of V8 touch 8 MB of code and data here, for what a program
 * that works a few milliseconds a second does not need (`npm run bench:agent`); its baseline compiler stays. To collect
 * garbage sooner saves 1 to 4 MB, the more there is to read. Every Node from 18 on knows these flags.
 */
const flags = ['--no-opt', '--max-optimized-bytecode-size=0', '--optimize-for-size'];

// To load node:v8 takes a megabyte by itself, so the unit gives them on the command line.
if (!flags.every((flag) => process.execArgv.includes(flag))) {
  const { setFlagsFromString }: typeof import('node:v8') = createRequire('/')('node:v8');
  for (const flag of flags) setFlagsFromString(flag);
}
