/** The message of an error in one line, without hints for programmers. */
export function describeError(error: unknown, env: NodeJS.ProcessEnv = process.env): string {
  if (!(error instanceof Error)) return String(error);
  return isUnreadable(error) ? describeUnreadable(error, env) : (error.message.split('\n')[0] ?? '');
}

/**
 * Whether the SDK could not read an answer: it names no AWS error, or is a web page. Proxies answer like this, and so
 * do servers other than AWS that lack an operation.
 */
export function isUnreadable(error: Error): boolean {
  if (/^\s*Deserialization error\b/m.test(error.message)) return true;
  // The second is of a page in place of XML.
  return ['UnknownError', 'Unknown'].includes(error.message) && '$metadata' in error;
}

/** If XML was expected, a page with status 200 reads as an answer without content. */
export function requireContent<T>(content: T | undefined, { $metadata }: { readonly $metadata: object }): T {
  if (content !== undefined) return content;
  throw Object.assign(new Error('UnknownError'), { $metadata });
}

/** Explains an unreadable answer of the local stack, which the environment does not name. */
export function describeLocalAnswer(error: Error): string {
  return `the local stack gave an answer${writeStatus(error)} that AWS does not give: .cordon/logs/local-stack.log says why`;
}

function writeStatus(error: Error): string {
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode === undefined ? '' : ` (HTTP ${$metadata.httpStatusCode})`;
}

function describeUnreadable(error: Error, env: NodeJS.ProcessEnv): string {
  const status = writeStatus(error);
  const server = findEndpoint(env);
  return server
    ? `${server.url}${status} gave an answer that AWS does not give: the server that ${server.name} names lacks the operation, or failed in it`
    : `AWS does not give such an answer${status}: something between this machine and AWS may have sent it; check HTTPS_PROXY, the network and endpoint_url of the profile`;
}

/** An address that replaces those of AWS. */
export function findEndpoint(
  env: NodeJS.ProcessEnv,
): { readonly name: string; readonly url: string } | undefined {
  const [found] = Object.entries(env).flatMap(([name, url]) =>
    /^AWS_ENDPOINT_URL(_|$)/.test(name) && url ? [{ name, url }] : [],
  );
  return found;
}
