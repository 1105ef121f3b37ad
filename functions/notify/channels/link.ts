/** Whether Cordon may show a link: nothing in it ends a quote or a tag, or hides its target. */
export function isSafeLink(url: string | undefined): url is string {
  return url !== undefined && url.length <= 2_000 && /^https:\/\/[\w.:/#%~?=-]+$/.test(url);
}
