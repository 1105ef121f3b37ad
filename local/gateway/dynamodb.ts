import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dynalite from 'dynalite';
import type { ApiRequest, ApiResponse, AwsIdentity, IamRequest, ServiceHandler } from '../types';
import { formatAwsError } from './aws-error';
import { flattenHeaders } from './http-message';
import { isRecord, parseJsonObject } from './json';

/** What dynalite answers itself. */
const forwarded = new Set(
  `BatchGetItem BatchWriteItem CreateTable DeleteItem DeleteTable DescribeTable GetItem ListTables PutItem Query
   Scan TagResource UntagResource ListTagsOfResource UpdateItem UpdateTable`.split(/\s+/),
);
/** Settings that dynalite lacks: stored here, without effect. */
const settings = new Set(
  'UpdateTimeToLive DescribeTimeToLive UpdateContinuousBackups DescribeContinuousBackups'.split(' '),
);

export interface DynamoDb {
  readonly handler: ServiceHandler;
  close(): Promise<void>;
}

type Send = (request: Pick<ApiRequest, 'headers' | 'body'>) => Promise<ApiResponse>;

/**
 * Starts dynalite in memory. It listens on a socket file in a private folder and not on a port: dynalite
 * checks no permission, so nothing but the gateway may reach it.
 */
export async function startDynamoDb(identity: AwsIdentity): Promise<DynamoDb> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-dynamodb-'));
  const socketPath = join(folder, 'socket');
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  const agent = new Agent({ keepAlive: true });
  return {
    handler: createHandler(identity, (request) => forward(request, { socketPath, agent })),
    async close() {
      agent.destroy();
      await closeServer(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function createHandler(identity: AwsIdentity, send: Send): ServiceHandler {
  const stored = new Map<string, { timeToLive?: object; recovery?: boolean }>();
  return {
    identify(request) {
      const operation = operationOf(request);
      return operation === undefined ? undefined : identifyCall(identity, operation, request.body);
    },
    async handle(request) {
      const operation = operationOf(request) ?? '';
      if (!settings.has(operation)) return withArnsOf(identity, operation, await send(request));
      const body = parseJsonObject(request.body) ?? {};
      const tableName = String(body.TableName);
      const headers = { ...request.headers, 'x-amz-target': 'DynamoDB_20120810.DescribeTable' };
      const described = await send({ headers, body: Buffer.from(JSON.stringify({ TableName: tableName })) });
      if (described.status !== 200) return described;
      const table = stored.get(tableName) ?? {};
      stored.set(tableName, table);
      return answerSetting(request, operation, body, table);
    },
  };
}

function answerSetting(
  request: ApiRequest,
  operation: string,
  body: Record<string, unknown>,
  table: { timeToLive?: object; recovery?: boolean },
): ApiResponse {
  if (operation === 'UpdateTimeToLive') {
    const wanted = body.TimeToLiveSpecification;
    if (!isRecord(wanted) || typeof wanted.AttributeName !== 'string') {
      return formatAwsError(request, 400, 'ValidationException', 'TimeToLiveSpecification is missing');
    }
    const status = wanted.Enabled === true ? 'ENABLED' : 'DISABLED';
    table.timeToLive = { TimeToLiveStatus: status, AttributeName: wanted.AttributeName };
    return dynamoJson({ TimeToLiveSpecification: wanted });
  }
  if (operation === 'DescribeTimeToLive') {
    return dynamoJson({ TimeToLiveDescription: table.timeToLive ?? { TimeToLiveStatus: 'DISABLED' } });
  }
  if (operation === 'UpdateContinuousBackups') {
    const wanted = body.PointInTimeRecoverySpecification;
    table.recovery = isRecord(wanted) && wanted.PointInTimeRecoveryEnabled === true;
  }
  const status = table.recovery ? 'ENABLED' : 'DISABLED';
  return dynamoJson({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: status },
    },
  });
}

function operationOf({ headers }: ApiRequest): string | undefined {
  const operation = /^DynamoDB_20120810\.(\w+)$/.exec(headers['x-amz-target'] ?? '')?.[1];
  return operation !== undefined && (forwarded.has(operation) || settings.has(operation))
    ? operation
    : undefined;
}

function identifyCall(identity: AwsIdentity, operation: string, bytes: Buffer): IamRequest {
  const action = `dynamodb:${operation}`;
  const body = parseJsonObject(bytes) ?? {};
  const { partition, region, accountId } = identity;
  const arnOf = (table: string) =>
    table.startsWith('arn:') ? table : `arn:${partition}:dynamodb:${region}:${accountId}:table/${table}`;
  if (operation === 'ListTables') return { action, resources: ['*'] };
  if (isRecord(body.RequestItems)) {
    return { action, resources: Object.keys(body.RequestItems).map(arnOf) };
  }
  if (typeof body.ResourceArn === 'string') return { action, resources: [body.ResourceArn] };
  const table = arnOf(typeof body.TableName === 'string' ? body.TableName : '');
  const index = body.IndexName;
  return { action, resources: [typeof index === 'string' ? `${table}/index/${index}` : table] };
}

/** dynalite takes account and region from the environment; answers about tables get those of the stack. */
function withArnsOf(identity: AwsIdentity, operation: string, response: ApiResponse): ApiResponse {
  if (!operation.endsWith('Table') || response.status !== 200) return response;
  const prefix = `arn:${identity.partition}:dynamodb:${identity.region}:${identity.accountId}:`;
  // The checksum is of the body as dynalite wrote it, and boto3 verifies it.
  const { 'x-amz-crc32': _checksum, ...headers } = response.headers ?? {};
  return {
    ...response,
    headers,
    body: String(response.body).replace(/arn:aws:dynamodb:[^:"]*:[^:"]*:/g, prefix),
  };
}

function dynamoJson(body: object): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(body),
  };
}

/** Passes only what dynalite reads; it asks for a signature but does not verify it. */
function forward(
  { headers, body }: Pick<ApiRequest, 'headers' | 'body'>,
  { socketPath, agent }: { readonly socketPath: string; readonly agent: Agent },
): Promise<ApiResponse> {
  const sent = {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': body.length,
    'x-amz-target': headers['x-amz-target'] ?? '',
    'x-amz-date': '20260101T000000Z',
    authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
  };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { socketPath, agent, method: 'POST', path: '/', headers: sent },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const {
            connection: _c,
            'transfer-encoding': _t,
            'content-length': _l,
            ...kept
          } = flattenHeaders(incoming.headers);
          resolve({ status: incoming.statusCode ?? 500, headers: kept, body: Buffer.concat(chunks) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
