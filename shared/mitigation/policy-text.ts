/** Whether two policy documents mean the same: AWS may hand one back with other white space. */
export function isSameDocument(one: string, other: string): boolean {
  return normalise(one) === normalise(other);
}

function normalise(document: string): string {
  try {
    return JSON.stringify(JSON.parse(document));
  } catch {
    return document;
  }
}
