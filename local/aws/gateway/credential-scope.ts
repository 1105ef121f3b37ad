/** What a SigV4 request says about itself: `AKID/DATE/REGION/SERVICE/aws4_request`. */
export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

const scope = /^([\w-]{1,128})\/(\d{8})\/([a-z0-9-]{1,40})\/([a-z0-9-]{1,40})\/aws4_request$/;

/**
 * Reads the credential scope from the `Authorization` header or, for a presigned URL, the query.
 * The signature itself is not verified: access keys here are random and live on loopback only,
 * so the key id alone distinguishes callers, and any client's way to canonicalize a request works.
 */
export function readCredentialScope(
  authorization: string | undefined,
  query: URLSearchParams,
): CredentialScope | undefined {
  const header = /^AWS4-HMAC-SHA256\s+(?:.*?[\s,])?Credential=([^\s,]+)/.exec(authorization ?? '')?.[1];
  const match = scope.exec(header ?? query.get('X-Amz-Credential') ?? '');
  if (!match) return undefined;
  const [, accessKeyId = '', , region = '', service = ''] = match;
  return { accessKeyId, region, service };
}
