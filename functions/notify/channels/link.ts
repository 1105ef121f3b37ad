/** Whether a link is one that Cordon writes: nothing in it ends a quote or a tag, or hides where it leads. */
export function isSafeLink(url: string | undefined): url is string {
  return url !== undefined && url.length <= 2_000 && /^https:\/\/[\w.:/#%~?=-]+$/.test(url);
}
