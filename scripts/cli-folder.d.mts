export function cliFolder(root: string): string;
