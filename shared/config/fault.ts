/** What is wrong in a `cordon.yml`, and where. */
export interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
