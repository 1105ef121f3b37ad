/** How many columns of a terminal a text takes. */
export function measureText(text: string): number;
