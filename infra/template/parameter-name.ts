/** The name that `--param` has for a parameter of the stack: `oidcIssuer` for `OidcIssuer`. */
export function nameParameter(key: string): string {
  return key.charAt(0).toLowerCase() + key.slice(1);
}
