import { setFlagsFromString } from 'node:v8';

/*
 * Imported before anything else. The optimizing compilers of V8 touch 8 MB of code and data here, for what a program
 * that works a few milliseconds a second does not need (`npm run bench:agent`); its baseline compiler stays.
 */
setFlagsFromString('--no-opt');
// Collects garbage sooner: 1 to 4 MB less, the more there is to read.
setFlagsFromString('--optimize-for-size');
// Node 18 has no such compiler, and says so on standard error.
if (Number.parseInt(process.versions.node, 10) >= 20) setFlagsFromString('--no-maglev');
