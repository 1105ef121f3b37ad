import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Account, AwsFault, account as identity, openAccount } from './account';
import { answerName } from './answer-names';
import { serveCloudFormation } from './cloudformation';
import { writeXml } from './query';

interface StoredObject {
  readonly body: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface AwsServer {
  readonly url: string;
  readonly account: Account;
  /** `SERVICE METHOD PATH` or `cloudformation ACTION` of each call so far. */
  readonly calls: string[];
  readonly objects: ReadonlyMap<string, StoredObject>;
  close(): Promise<void>;
}

/**
 * The calls to CloudFormation, S3 and STS that `sls deploy` and `sls remove` make, on one account, as strict as AWS
 * documents them.
 */
export async function startAwsServer(): Promise<AwsServer> {
  const objects = new Map<string, StoredObject>();
  const account = openAccount((url) => {
    const [, key] = /^https:\/\/s3[.\w-]*\.amazonaws\.com\/(.+)$/.exec(url) ?? [];
    return key === undefined ? undefined : objects.get(key)?.body.toString('utf8');
  });
  const askCloudFormation = serveCloudFormation(account);
  const calls: string[] = [];

  const answerQuery = (service: string, form: URLSearchParams): string => {
    calls.push(`${service} ${form.get('Action')}`);
    if (service === 'cloudformation') return askCloudFormation(form);
    const { accountId } = identity;
    const caller = { Account: accountId, UserId: 'deployer', Arn: `arn:aws:iam::${accountId}:user/deployer` };
    return `<GetCallerIdentityResponse><GetCallerIdentityResult>${writeXml(caller)}</GetCallerIdentityResult></GetCallerIdentityResponse>`;
  };

  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const service = serviceOf(request);
    try {
      if (service === 'cloudformation' || service === 'sts') {
        response.end(answerQuery(service, new URLSearchParams(body.toString('utf8'))));
        return;
      }
      calls.push(`${service} ${request.method} ${request.url}`);
      if (service === 's3') answerS3(request, response, body);
      else
        send(
          response,
          answerName(service, request, body, (type, name) => account.taken.has(`${type} ${name}`)),
        );
    } catch (error) {
      const { code, message } =
        error instanceof AwsFault ? error : new AwsFault('InternalFailure', String(error));
      response.writeHead(400);
      response.end(
        `<ErrorResponse>${writeXml({ Error: { Type: 'Sender', Code: code, Message: message } })}</ErrorResponse>`,
      );
    }
  });

  function answerS3(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3');
    const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(pathname)) ?? [];
    const isThere = [...account.taken.values()].some(
      ({ type, name }) => type === 'AWS::S3::Bucket' && name === bucket,
    );
    if (!isThere) {
      response.writeHead(404).end(`<Error>${writeXml({ Code: 'NoSuchBucket', Message: bucket })}</Error>`);
      return;
    }
    const name = `${bucket}/${key}`;
    if (request.method === 'PUT') {
      const metadata = Object.fromEntries(
        Object.entries(request.headers).flatMap(([header, value]) =>
          header.startsWith('x-amz-meta-') ? [[header, String(value)]] : [],
        ),
      );
      objects.set(name, { body, metadata });
      response.writeHead(200, { etag: '"1"' }).end();
    } else if (request.method === 'POST' && searchParams.has('delete')) {
      for (const [, removed = ''] of body.toString('utf8').matchAll(/<Key>([^<]+)<\/Key>/g))
        objects.delete(`${bucket}/${removed}`);
      response.end('<DeleteResult></DeleteResult>');
    } else if (key !== '') {
      const found = objects.get(name);
      response.writeHead(found ? 200 : 404, {
        ...found?.metadata,
        'last-modified': new Date().toUTCString(),
      });
      response.end(request.method === 'HEAD' ? undefined : found?.body);
    } else {
      const prefix = `${bucket}/${searchParams.get('prefix') ?? ''}`;
      const listed = [...objects.keys()].filter((stored) => stored.startsWith(prefix));
      const contents = listed.map(
        (stored) =>
          `<Contents>${writeXml({ Key: stored.slice(bucket.length + 1), LastModified: new Date().toISOString() })}</Contents>`,
      );
      response.end(
        `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
      );
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    account,
    calls,
    objects,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The service in the scope of the request's signature. */
function serviceOf({ headers }: IncomingMessage): string {
  return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'unsigned';
}

function send(response: ServerResponse, { status, headers, body }: ReturnType<typeof answerName>): void {
  response.writeHead(status, headers).end(body);
}
