import { randomBytes } from 'node:crypto';

/** Declares one law of a port: a test that gets the port, which is opened once for all laws of the suite. */
export type Law<Subject> = (title: string, check: (subject: Subject) => Promise<void>) => void;

/**
 * The server of a third party may lack operations. A law that needs one of them is skipped, and a line names the
 * operation.
 */
export function lawsOf<Subject>(open: () => Promise<Subject>, mayLack: boolean): Law<Subject> {
  let opened: Promise<Subject> | undefined;
  return (title, check) =>
    it(title, async () => {
      try {
        opened ??= open();
        await check(await opened);
      } catch (error) {
        if (!mayLack || !isLacking(error)) throw error;
        tellLack(title, error);
      }
    });
}

export function tellLack(what: string, error: Answer): void {
  const [firstLine] = error.message.split('\n');
  const operation = error.operation ? `no ${error.operation} ` : '';
  process.stderr.write(`passed over: "${what}": ${operation}(${error.name}: ${firstLine})\n`);
}

/** An error as a call threw it, with the operation that was called. */
interface Answer extends Error {
  operation?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
}

interface WatchedClient {
  readonly middlewareStack: {
    add(
      middleware: <Args, Output>(
        next: (args: Args) => Promise<Output>,
        context: { readonly commandName?: string },
      ) => (args: Args) => Promise<Output>,
      options: { readonly step: 'initialize' },
    ): void;
  };
}

/** Lets each error of a client say which operation it is of. */
export function nameOperations({ middlewareStack }: WatchedClient): void {
  middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          const operation = commandName?.replace(/Command$/, '');
          throw error instanceof Error ? Object.assign(error, { operation }) : error;
        }
      },
    { step: 'initialize' },
  );
}

const lackNames = new Set([
  'UnknownOperation',
  'UnknownOperationException',
  'NotImplemented',
  'NotImplementedException',
  'InvalidAction',
]);

export function isLacking(error: unknown): error is Answer {
  if (!(error instanceof Error)) return false;
  const { name, $metadata, $response } = error as Answer;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode ?? 0;
  // How ministack says it.
  if (/^Unsupported (IoT|iot-data) path: /.test(error.message)) return true;
  return lackNames.has(name) || status === 501 || (status >= 400 && foreignNames.has(name));
}

/** The web page that moto sends for an operation that it lacks. The SDK can't parse it. */
const foreignNames = new Set(['SyntaxError', 'Unknown']);

/** The name of the error that a call is refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (isLacking(error) || !(error instanceof Error)) throw error;
    return error.name;
  }
  return 'not refused';
}

const prefix = `contract-${randomBytes(4).toString('hex')}`;
let names = 0;

/** A name that nobody else has, here or on a shared server. */
export function aName(kind: string): string {
  names += 1;
  return `${prefix}-${kind}-${names}`;
}
