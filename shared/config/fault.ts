/** An error in a `cordon.yml`, and its place. */
export interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
