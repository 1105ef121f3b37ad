export type Destination = 'cordon' | 'device-defender';
export type ReportFormat = 'json' | 'cbor';

/** The spelling of a report's names: both are Device Defender's. */
export type ReportNames = 'long' | 'short';

export interface Topics {
  readonly report: string;
  readonly accepted: string;
  readonly rejected: string;
}

/** The topics of one destination; the thing name was validated, so it holds no `/`, `+` or `#`. */
export function topicsFor(destination: Destination, thingName: string, format: ReportFormat): Topics {
  const report =
    destination === 'cordon'
      ? `cordon/things/${thingName}/reports/${format}`
      : `$aws/things/${thingName}/defender/metrics/${format}`;
  return { report, accepted: `${report}/accepted`, rejected: `${report}/rejected` };
}
