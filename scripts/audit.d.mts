export function askRegistry(root: string): string;
export function judgeAudit(
  answer: string,
  bom: { readonly components: readonly { readonly name: string }[] },
): { readonly checked: boolean; readonly vulnerable?: boolean; readonly lines: readonly string[] };
