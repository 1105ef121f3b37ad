export function listFailures(
  checks: readonly { readonly what: string; readonly output: string }[],
  result: { readonly testResults: readonly FileResult[] } | undefined,
  root: string,
): readonly string[];

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}
