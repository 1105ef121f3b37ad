/** The target of a deploy, from its command line and environment. */
interface Destination {
  readonly stage: string;
  readonly region: string;
}

/** Refuses to deploy a package to another stage or region than the one that it was made for. */
export function* findPackageFaults(wanted: Destination, packaged: Destination): Generator<string> {
  for (const what of ['stage', 'region'] as const)
    if (packaged[what] !== wanted[what])
      yield `--package: the package is for ${what} ${packaged[what]}, and this deploy is to ${wanted[what]}: ` +
        `give --${what} ${packaged[what]}, or package again with --${what} ${wanted[what]}`;
}
