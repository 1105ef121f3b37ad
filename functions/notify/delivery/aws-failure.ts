import { printable } from '../../../shared/domain/messages/announcement';
import { clip } from '../../../shared/domain/text';
import { ChannelBusyError, ChannelRefusalError } from './channel';
import { readRetryAfter } from './retry-after';

interface AwsError {
  readonly name: string;
  readonly message: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/**
 * Whether AWS is busy, refuses permanently, or can't be reached. The delivery needs nothing else from a client's error.
 */
export function failAws(title: string, given: unknown): never {
  const error = given as AwsError;
  const { name, message, $metadata, $response } = error;
  const status = $metadata?.httpStatusCode ?? 0;
  if (/throttl|toomanyrequests|limitexceeded/i.test(name) || status === 429)
    throw new ChannelBusyError(title, readRetryAfter($response?.headers?.['retry-after']));
  const isRefusal =
    (status >= 400 && status < 500) ||
    /AccessDenied|NotAuthorized|Invalid|Validation|NotFound|Malformed/.test(name);
  if (isRefusal) throw new ChannelRefusalError(title, clip(printable(`${name}: ${message}`), 300));
  throw given;
}
