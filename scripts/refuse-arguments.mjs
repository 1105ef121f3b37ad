/** Ends a command that takes no arguments if it has some: `--help` must not start what takes minutes or writes files. */
export function refuseArguments(command) {
  const [argument] = process.argv.slice(2);
  if (argument === undefined) return;
  process.stderr.write(`${command}: unknown argument ${argument}: this command takes none\n`);
  process.exit(2);
}
