import type { ApiRequest, ApiResponse } from '../../types';

/** Hands a request to fauxqs, which then sees `body` in place of the caller's if one is given. */
export type Forward = (request: ApiRequest, body?: string) => Promise<ApiResponse>;
