import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import type { InvocationOutcome } from '../../lambda/definitions';
import { number, text } from './properties';
import { type CreatedResource, defineResource, type ResourceContext } from './resource-type';

// AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html and .../crpg-ref-requesttypes-create.html

/** CloudFormation takes no longer answer. */
const MAX_RESPONSE_BYTES = 4_096;

const responseSchema = z.object({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().optional(),
  PhysicalResourceId: z.string().min(1).max(1_024).optional(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  Data: z.record(z.string(), z.unknown()).nullish(),
});

export const customResource = defineResource({
  properties: z.looseObject({ ServiceToken: text, ServiceTimeout: number.optional() }),
  attributes: 'any',
  create: async (properties, context) => {
    const { ServiceTimeout, ...rest } = properties;
    const timeoutMs = ServiceTimeout === undefined ? context.customResourceTimeoutMs : ServiceTimeout * 1000;
    const requestId = crypto.randomUUID();
    const answer = await listenForResponse(timeoutMs);
    try {
      const event = {
        RequestType: 'Create',
        ServiceToken: properties.ServiceToken,
        ResponseURL: answer.url,
        StackId: context.stackId,
        RequestId: requestId,
        LogicalResourceId: context.logicalId,
        ResourceType: context.resourceType,
        ResourceProperties: toTexts(rest),
      };
      const invocation = context.hooks.invokeFunction(properties.ServiceToken, event);
      const body = await Promise.race([answer.body, waitForFailure(invocation, context)]);
      const created = readResponse(body, requestId, context);
      // Most functions answer just before they return, so this waits until their process is free for the next resource.
      await invocation;
      return created;
    } finally {
      await answer.close();
    }
  },
});

/** Never resolves if the function succeeds: then only its answer counts. */
async function waitForFailure(
  invocation: Promise<InvocationOutcome>,
  { logicalId }: ResourceContext,
): Promise<never> {
  const outcome = await invocation;
  if (outcome.status === 'failed') {
    const { errorType, errorMessage } = outcome.error;
    throw new Error(`${logicalId}: its function failed: ${errorType}: ${errorMessage}`);
  }
  return new Promise<never>(() => undefined);
}

function readResponse(body: string, requestId: string, context: ResourceContext): CreatedResource {
  const { logicalId, stackId } = context;
  const { success, data: response } = responseSchema.safeParse(parseJson(body));
  if (!success)
    throw new Error(`${logicalId}: its function sent an invalid response object: ${body.slice(0, 200)}`);
  const { StackId, RequestId, LogicalResourceId, Status, Reason = 'no Reason given', Data } = response;
  if (StackId !== stackId || RequestId !== requestId || LogicalResourceId !== logicalId) {
    throw new Error(
      `${logicalId}: its function answered another request: stack ${StackId}, request ${RequestId}, resource ${LogicalResourceId}`,
    );
  }
  if (Status === 'FAILED')
    throw new Error(`${logicalId}: Received response status [FAILED] from custom resource: ${Reason}`);
  if (!response.PhysicalResourceId) throw new Error(`${logicalId}: Invalid PhysicalResourceId`);
  return { physicalId: response.PhysicalResourceId, attributes: Data ?? {} };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** CloudFormation sends every scalar as text. */
function toTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toTexts);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toTexts(item)]));
}

interface ResponseListener {
  readonly url: string;
  readonly body: Promise<string>;
  close(): Promise<void>;
}

/** Stands for the pre-signed S3 address: its path is the secret. */
async function listenForResponse(timeoutMs: number): Promise<ResponseListener> {
  const path = `/${crypto.randomUUID()}`;
  let settle: { resolve: (body: string) => void; reject: (error: Error) => void } | undefined;
  const body = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Nothing may wait for it by then, because the function failed first.
  body.catch(() => undefined);
  const server = createServer((request, response) => {
    void acceptResponse(request, response, path).then((text) => {
      if (text !== undefined) settle?.resolve(text);
    });
  });
  const timer = setTimeout(() => {
    settle?.reject(new Error(`its function did not answer within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}${path}`,
    body,
    close: async () => {
      clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function acceptResponse(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<string | undefined> {
  if (request.method !== 'PUT' || request.url?.split('?')[0] !== path) {
    response.writeHead(403).end();
    return undefined;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= MAX_RESPONSE_BYTES) chunks.push(chunk);
    }
  } catch {
    // The function closed the connection before the end of its answer; it may try again.
    return undefined;
  }
  await new Promise<void>((resolve) => response.writeHead(200).end(resolve));
  return bytes > MAX_RESPONSE_BYTES ? 'Response object is too long.' : Buffer.concat(chunks).toString('utf8');
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
