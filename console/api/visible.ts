/**
 * Characters that hide text or turn its direction: `gpj.exe` behind U+202E reads as a picture. Those that join the letters of
 * a script or of an emoji are left there, and shown between plain letters, where they join nothing.
 */
const unseen =
  /(?<=[ -~])[\u200c\u200d](?=[ -~]|$)|(?![\t\n\r])\p{Cc}|[\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** The text with each such character by its name, such as `[U+202E]`. Tabs and ends of lines stay. */
export function showUnseen(text: string): string {
  return text.replaceAll(
    unseen,
    (found) => `[U+${found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}
