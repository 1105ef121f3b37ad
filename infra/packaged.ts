/** What a deploy is to do, as its command line and environment say. */
interface Destination {
  readonly stage: string;
  readonly region: string;
}

/** A package goes where it was made for, whatever the command line says: where they differ, nothing is deployed. */
export function* findPackageFaults(wanted: Destination, packaged: Destination): Generator<string> {
  for (const what of ['stage', 'region'] as const)
    if (packaged[what] !== wanted[what])
      yield `--package: it was packaged for ${what} ${packaged[what]}, and this deploy is of ${wanted[what]}: ` +
        `give --${what} ${packaged[what]}, or package again with --${what} ${wanted[what]}`;
}
