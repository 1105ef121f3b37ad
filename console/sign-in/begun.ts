/** The tab's record of a sign-in while the browser is at the issuer. It is useless without the code. */
export interface Begun {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** The view to come back to. */
  readonly place: string;
}

const key = 'cordon-sign-in';

export function keepBegun(begun: Begun): void {
  sessionStorage.setItem(key, JSON.stringify(begun));
}

/** Returns the sign-in that was begun, and forgets it, even if it fails later. */
export function takeBegun(): Begun | undefined {
  const text = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  return text === null ? undefined : (JSON.parse(text) as Begun);
}
