import { encode } from 'cborg';
import type { Connections } from '../../shared/ports/aws';
import type { Log, Metrics } from '../../shared/ports/runtime';
import type { ReceivedReport } from './receive';

export interface ReplyPorts {
  readonly answers: Pick<Connections, 'publish'>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Sends the device the outcome of its report, in Device Defender's format. A lost answer does no harm. */
export async function replyToReport({ envelope, read }: ReceivedReport, ports: ReplyPorts): Promise<void> {
  const { thingName, receivedAt } = envelope;
  const base = `cordon/things/${thingName}/reports/${envelope.format}`;
  const accepted = read.kind === 'report';
  const body = accepted
    ? { thingName, reportId: read.report.reportId, status: 'ACCEPTED', timestamp: receivedAt }
    : {
        thingName,
        ...(read.reportId !== undefined && { reportId: read.reportId }),
        status: 'REJECTED',
        statusDetails: { ErrorCode: read.errorCode, ErrorMessage: read.reason },
        timestamp: receivedAt,
      };
  if (!accepted) {
    ports.log.warn('report rejected', { thingName, reason: read.reason });
    ports.metrics.count('ReportRejected');
  }
  try {
    // The answer has the format of the report, as Device Defender's has.
    const payload = envelope.format === 'cbor' ? encode(body) : JSON.stringify(body);
    await ports.answers.publish(`${base}/${accepted ? 'accepted' : 'rejected'}`, payload);
  } catch (error) {
    ports.log.warn('answer not sent', { thingName, error });
  }
}
