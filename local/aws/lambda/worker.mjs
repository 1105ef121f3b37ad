// Runs one packaged function in a process of its own, so that it can be killed like a Lambda sandbox.
// Plain JavaScript: its start is part of the cold start, so nothing may be transpiled here.
// Imports nothing but Node, because the function's environment is all there is.
import { existsSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Lambda's own limit on an answer: 6 MB plus some room for the envelope (lambda/latest/dg/gettingstarted-limits.html). */
const MAX_RESPONSE_BYTES = 6_291_556;
const UNHANDLED_REJECTION_EXIT = 128;
const UNCAUGHT_EXCEPTION_EXIT = 129;

const compiledDirectory = process.argv[2];
if (compiledDirectory) module.enableCompileCache(compiledDirectory);

forgetLazyUndici();
const send = /** @type {(message: object, callback?: () => void) => void} */ (process.send?.bind(process));
let currentRequestId = '';

process.title = `cordon-fn-${process.env.AWS_LAMBDA_FUNCTION_NAME}`;
process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => failAndExit(describeError(error), UNCAUGHT_EXCEPTION_EXIT));
process.on('unhandledRejection', (reason) =>
  failAndExit(
    { ...describeError(reason), errorType: 'Runtime.UnhandledPromiseRejection' },
    UNHANDLED_REJECTION_EXIT,
  ),
);

try {
  const handler = await loadHandler(process.env.LAMBDA_TASK_ROOT ?? '', process.env._HANDLER ?? '');
  process.on('message', (/** @type {any} */ message) => void handleInvocation(handler, message));
  send({ type: 'ready' });
} catch (error) {
  failAndExit(describeError(error), 1);
}

/**
 * An `import('node:http')`, which the AWS clients make for an endpoint without TLS as the gateway's, reads every export, and these
 * three load all of undici: a tenth of a cold start, which a function on Lambda doesn't have. As globals they stay.
 */
function forgetLazyUndici() {
  const http = /** @type {Record<string, unknown>} */ (process.getBuiltinModule('node:http'));
  for (const name of ['WebSocket', 'CloseEvent', 'MessageEvent']) delete http[name];
}

/**
 * @param {Function} handler
 * @param {{requestId: string, event: string, deadlineAt: number, functionArn: string}} message
 */
async function handleInvocation(handler, { requestId, event, deadlineAt, functionArn }) {
  currentRequestId = requestId;
  try {
    const result = await handler(JSON.parse(event), createContext(requestId, deadlineAt, functionArn));
    send({ type: 'result', requestId, ...encodeResult(result) });
  } catch (error) {
    send({ type: 'result', requestId, error: describeError(error) });
  } finally {
    currentRequestId = '';
    // Writes the compile cache now, because this process ends by a signal.
    if (compiledDirectory) module.flushCompileCache();
  }
}

/** @param {unknown} result */
function encodeResult(result) {
  let payload;
  try {
    payload = JSON.stringify(result) ?? 'null';
  } catch {
    return {
      error: { errorType: 'Runtime.MarshalError', errorMessage: 'Unable to stringify response body' },
    };
  }
  if (Buffer.byteLength(payload) > MAX_RESPONSE_BYTES) {
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
    return { error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
  }
  return { payload };
}

/**
 * @param {string} requestId
 * @param {number} deadlineAt
 * @param {string} invokedFunctionArn
 */
function createContext(requestId, deadlineAt, invokedFunctionArn) {
  const { env } = process;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: requestId,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadlineAt - Date.now()),
  };
}

/**
 * Finds `functions/intake/index.handler`: the export is what follows the first dot of the last segment.
 * @param {string} taskRoot
 * @param {string} handlerName
 */
async function loadHandler(taskRoot, handlerName) {
  const folder = path.dirname(handlerName);
  const [, moduleName, exportPath] = /^([^.]*)\.(.+)$/.exec(path.basename(handlerName)) ?? [];
  if (!moduleName || !exportPath) throw namedError('Runtime.MalformedHandlerName', 'Bad handler');
  const base = path.join(taskRoot, folder, moduleName);
  const file = ['', '.js', '.mjs', '.cjs'].map((extension) => base + extension).find(existsSync);
  if (!file)
    throw namedError('Runtime.ImportModuleError', `Cannot find module '${path.join(folder, moduleName)}'`);
  const loaded = await import(pathToFileURL(file).href);
  const handler = readPath(loaded, exportPath) ?? readPath(loaded.default, exportPath);
  if (typeof handler !== 'function') {
    throw namedError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  // nodejs24.x no longer takes a handler with a callback (lambda/latest/dg/lambda-nodejs.html).
  if (handler.length >= 3) {
    throw namedError(
      'Runtime.CallbackHandlerDeprecated',
      'Callback-based handlers are not supported by Node.js 24 on Lambda',
    );
  }
  return handler;
}

/**
 * @param {any} value
 * @param {string} exportPath
 */
function readPath(value, exportPath) {
  return exportPath.split('.').reduce((found, key) => found?.[key], value);
}

/**
 * @param {string} name
 * @param {string} message
 */
function namedError(name, message) {
  return Object.assign(new Error(message), { name });
}

/** @param {unknown} error */
function describeError(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), stackTrace: [] };
  }
  return {
    errorType: error.name,
    errorMessage: error.message,
    stackTrace: (error.stack ?? '').split('\n').slice(1),
  };
}

/**
 * @param {object} error
 * @param {number} code
 */
function failAndExit(error, code) {
  process.stderr.write(`${JSON.stringify(error)}\n`);
  // The message must be sent before the process ends; if the channel is closed, end anyway.
  setTimeout(() => process.exit(code), 1000);
  send({ type: 'fatal', requestId: currentRequestId, error }, () => process.exit(code));
}
