import type { DeviceEndpoints, ProofDevice } from '../../proof/device';
import type { FileConfiguration } from '../../shared/config/schema';
import type { ChannelStates } from '../../shared/storage/channel-states';
import type { CleanTarget } from './leftovers';
import type { Recorder } from './recorder';
import type { Reporter } from './reporter';
import type { Stimulus } from './stimulus';

export interface DrillOptions {
  readonly configuration: FileConfiguration;
  readonly stimulus: Stimulus;
  /** Stays until the policies have spread, and tries again what they deny then. */
  readonly policies: boolean;
  /** Waits for Device Defender to find the violation, which takes minutes; otherwise the drill publishes its alert. */
  readonly waitDetect: boolean;
  readonly rootCa: string;
  /** Where the device connects by MQTT, if not to the account's own endpoint. */
  readonly endpoint?: DeviceEndpoints['mqtt'];
  readonly signal: AbortSignal;
  /** Writes one line of progress. */
  readonly say: (line: string) => void;
}

export interface DrillTarget extends CleanTarget {
  /** What a channel shows. */
  readonly statesOf: (channel: string) => Pick<ChannelStates, 'load'>;
}

/** All that the parts of a drill share. */
export interface Scene extends DrillOptions {
  readonly thingName: string;
  /** `arn:aws:iot:REGION:ACCOUNT`. */
  readonly arnPrefix: string;
  readonly device: ProofDevice;
  readonly reporter: Reporter;
  /** Whether this machine reaches the HTTPS endpoint: many networks let no other port than 443 out. */
  readonly reachesHttps: boolean;
  readonly recorder: Recorder;
  readonly target: DrillTarget;
}

/** IoT Core uses cached policies for 6 to 8 minutes (docs/facts.md#policies). */
export const spreadMs = 600_000;

/** The drill device's application sends there. */
export function appTopicOf(thingName: string): string {
  return `cordon-drill/${thingName}/telemetry`;
}
