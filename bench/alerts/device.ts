import mqtt, { type MqttClient } from 'mqtt';
import type { DeviceFiles } from './traffic';

/** Where a device finds the broker. */
export interface BrokerAddress {
  readonly port: number;
  readonly ca: string;
}

export const reportsOf = (thingName: string, format = 'json') =>
  `cordon/things/${thingName}/reports/${format}`;

let reportId = 1_700_000_000;
export function aReport(children: number, more: object = {}): string {
  reportId += 1;
  return JSON.stringify({
    header: { report_id: reportId, version: '1.0' },
    custom_metrics: { num_child_procs_myapp: [{ number: children }] },
    ...more,
  });
}

const table = '880000000000000000';
/** Packed CBOR: a decoder that follows tag 51 makes gigabytes of these 279 bytes. */
export const bomb = Buffer.from(
  `d8338481${table}8200${table}80${'d8338481d8e1e08200e080'.repeat(23)}e0`,
  'hex',
);

/** Connects as the device of a thing, once: a client that is cut stays away. */
export function connectDevice(
  { port, ca }: BrokerAddress,
  clientId: string,
  files: Pick<DeviceFiles, 'cert' | 'key'> | undefined,
): Promise<MqttClient> {
  const { cert = '', key = '' } = files ?? {};
  return mqtt.connectAsync({
    ...{ protocol: 'mqtts' as const, host: '127.0.0.1', port, ca },
    ...{ cert, key, clientId, reconnectPeriod: 0 },
  });
}

/** Floods of one device, which try to hold up the others, with the number of messages. */
export const floods = {
  'conforming reports': 10_000,
  'in and out of alarm': 2_000,
  'CBOR that fills the memory': 500,
  'hostile topics': 2_000,
} as const;

export type FloodKind = keyof typeof floods;

export interface FlooderOrder extends BrokerAddress {
  readonly kind: FloodKind;
  readonly thingName: string;
  readonly cert: string;
  readonly key: string;
}
