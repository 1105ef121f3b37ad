import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiResponse } from '../../types';

/**
 * Reads a body whole; undefined if it is longer than `maximumBytes`. What is too long is read to its end and
 * dropped, since a client that is cut off while it sends never sees the answer.
 */
export function readBody(message: IncomingMessage, maximumBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maximumBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (length > 16 * maximumBytes) message.destroy();
    });
    message.on('end', () => resolve(length > maximumBytes ? undefined : Buffer.concat(chunks)));
    message.on('error', reject);
    // Every request ends here. Only one that was cut off makes an error, because each error captures a stack.
    message.on('close', () => {
      if (!message.readableEnded) reject(new Error('the client went away'));
    });
  });
}

/** Header names are lower-case already; of a repeated header Node keeps or joins the values itself. */
export function flattenHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

export function writeResponse(response: ServerResponse, { status, headers, body }: ApiResponse): void {
  if (response.destroyed) return;
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0));
  // 204 and 304 carry no body, so no length either (RFC 9110, 8.6).
  const length = status === 204 || status === 304 ? {} : { 'content-length': bytes.length };
  response.writeHead(status, { ...headers, ...length });
  response.end(bytes);
}
