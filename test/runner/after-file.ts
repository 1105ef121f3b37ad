interface Environment {
  readonly atEnd: (() => unknown)[];
}

/** Calls this once the present test file has ended, the last one first. */
export function afterFile(undo: () => unknown): void {
  const environment: Environment = Reflect.get(globalThis, Symbol.for('cordon.jest-environment'));
  environment.atEnd.push(undo);
}
