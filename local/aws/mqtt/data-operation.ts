import type { ApiRequest, ApiResponse } from '../../types';

export type DataRequest = Pick<ApiRequest, 'method' | 'path' | 'query' | 'headers' | 'body'>;

/** The certificate of a request; a request signed with SigV4 has none. */
export interface RequestOrigin {
  readonly certificateId?: string;
  readonly sourceIp?: string;
}

/** One operation of the data plane as a request asks for it. */
export interface DataOperation {
  /** The action of IAM, and of the device's own policies. */
  readonly action: string;
  /** The resource without the prefix of ARNs, as `topic/a/b`; `*` if the action has none. */
  readonly resource: string;
  /** The resource in IAM, if it differs from that of AWS IoT's policies. */
  readonly iamResource?: string;
  readonly alsoNeeds?: readonly string[];
  /** Condition keys of this action alone. */
  readonly conditionKeys?: Readonly<Record<string, string>>;
  run(origin: RequestOrigin): ApiResponse | Promise<ApiResponse>;
}

export function toJson(body: unknown): ApiResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export function toError(name: string, status: number, message: string): ApiResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-ErrorType': name },
    body: JSON.stringify({ message }),
  };
}

export function invalidRequest(message: string): ApiResponse {
  return toError('InvalidRequestException', 400, message);
}

export function decodeSegment(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
