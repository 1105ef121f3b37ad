import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import dynalite from 'dynalite';
import type { ApiRequest, ApiResponse, AwsIdentity, IamRequest, ServiceHandler } from '../../types';
import { formatAwsError } from '../wire/aws-error';
import { isRecord, parseJsonObject } from '../wire/json';
import { findEmptyKey } from './empty-keys';
import { letIteratorsClose, sumNatively } from './mend-dynalite';
import { deleteExpired } from './time-to-live';

/** What dynalite answers itself. */
const forwarded = new Set(
  `BatchGetItem BatchWriteItem CreateTable DeleteItem DeleteTable DescribeTable GetItem ListTables PutItem Query
   Scan TagResource UntagResource ListTagsOfResource UpdateItem UpdateTable`.split(/\s+/),
);
/** Settings that dynalite lacks: stored here, without effect. */
const settings = new Set(
  'UpdateTimeToLive DescribeTimeToLive UpdateContinuousBackups DescribeContinuousBackups'.split(' '),
);

type Send = (request: Pick<ApiRequest, 'headers' | 'body'>) => Promise<ApiResponse>;

interface TableSettings {
  timeToLive?: { readonly TimeToLiveStatus: string; readonly AttributeName: string };
  recovery?: boolean;
}

/**
 * DynamoDB by dynalite, in memory. Requests are handed to its request handler inside this process: dynalite checks
 * no permission, so it must have no port, and it throws out of its handler on some hostile requests, which behind a
 * socket would end the process.
 */
export function createDynamoDb(identity: AwsIdentity, { expireEveryMs = 60_000 } = {}) {
  letIteratorsClose();
  sumNatively();
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const send: Send = (request) => callDynalite(server, request);
  const stored = new Map<string, TableSettings>();
  const { close } = deleteExpired(send, stored, expireEveryMs);
  return { ...createHandler(identity, send, stored), close };
}

function createHandler(
  identity: AwsIdentity,
  send: Send,
  stored: Map<string, TableSettings>,
): ServiceHandler {
  return {
    identify(request) {
      const operation = operationOf(request);
      return operation === undefined ? undefined : identifyCall(identity, operation, request.body);
    },
    async handle(request) {
      const operation = operationOf(request) ?? '';
      const body = parseJsonObject(request.body);
      if (!body)
        return formatAwsError(request, 400, 'SerializationException', 'The body is not a JSON object');
      const emptyKey = operation === 'Query' ? findEmptyKey(body) : undefined;
      if (emptyKey !== undefined)
        return formatAwsError(
          request,
          400,
          'ValidationException',
          `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${emptyKey}`,
        );
      if (!settings.has(operation)) return withArnsOf(identity, operation, await send(request));
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
  table: TableSettings,
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
  if (operation.startsWith('Batch')) {
    const tables = isRecord(body.RequestItems) ? Object.keys(body.RequestItems) : [];
    return { action, resources: tables.map(arnOf) };
  }
  if (/Tag/.test(operation)) return { action, resources: [String(body.ResourceArn)] };
  const table = arnOf(typeof body.TableName === 'string' ? body.TableName : '');
  const index = operation === 'Query' || operation === 'Scan' ? body.IndexName : undefined;
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
function callDynalite(
  server: Server,
  { headers, body }: Pick<ApiRequest, 'headers' | 'body'>,
): Promise<ApiResponse> {
  const request = Object.assign(new EventEmitter(), {
    method: 'POST',
    url: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': headers['x-amz-target'] ?? '',
      'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
    },
  });
  return new Promise((resolve, reject) => {
    const answered: Record<string, string> = {};
    const response = {
      statusCode: 200,
      setHeader(name: string, value: unknown) {
        if (!/^content-length$/i.test(name)) answered[name.toLowerCase()] = String(value);
      },
      end: (text = '') => resolve({ status: response.statusCode, headers: answered, body: text }),
    };
    try {
      server.emit('request', request, response);
      request.emit('data', body);
      request.emit('end');
    } catch (error) {
      reject(error);
    }
  });
}
