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

/** AWS is busy, refuses for good, or can't be reached: what the delivery needs to know of an error of a client. */
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
