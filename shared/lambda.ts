import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics as MetricsRecorder, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Log, Metrics } from './ports/runtime';

/**
 * Log and metrics of one function: JSON lines and CloudWatch EMF on standard output, no calls. Each stack has a namespace
 * of its own, as its alarms must not count another's.
 */
export function createTelemetry(serviceName: string) {
  const logger = new Logger({ serviceName });
  const recorder = new MetricsRecorder({ namespace: readEnv('METRICS_NAMESPACE'), serviceName });
  const log: Log = {
    info: (message, fields = {}) => logger.info(message, fields),
    warn: (message, fields = {}) => logger.warn(message, fields),
    error: (message, fields = {}) => logger.error(message, fields),
  };
  const metrics: Metrics = {
    count: (name, value = 1) => recorder.addMetric(name, MetricUnit.Count, value),
    time: (name, ms) => recorder.addMetric(name, MetricUnit.Milliseconds, ms),
  };

  /** Wraps a handler with the function's log context and metrics. */
  function wrap<E, R>(handler: (event: E, context: Context) => Promise<R>) {
    return middy<E, R, Error, Context>()
      .use(injectLambdaContext(logger))
      .use(logMetrics(recorder))
      .handler(handler);
  }

  return { log, metrics, wrap };
}

/** Handles each record of a batch by itself; only those that failed are redelivered. */
export function eachRecord(
  handle: (record: SQSRecord) => Promise<void>,
  log: Log,
  { inOrder = false }: { readonly inOrder?: boolean } = {},
) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const processor = new BatchProcessor(EventType.SQS);
    const handleLogged = async (record: SQSRecord): Promise<void> => {
      try {
        await handle(record);
      } catch (error) {
        log.error('message not handled, will be redelivered', { messageId: record.messageId, error });
        throw error;
      }
    };
    return processPartialResponse(event, handleLogged, processor, {
      context,
      throwOnFullBatchFailure: false,
      processInParallel: !inOrder,
    });
  };
}

/** Reads a variable the template always sets. */
export function readEnv(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`the environment variable ${name} is not set`);
  return value;
}
