import { type DeviceEndpoints, ports } from '../../proof/device';
import { UsageError } from '../cli-error';

/** `HOST[:PORT]` of the command line, where devices connect by MQTT. */
export function readEndpoint(text: string): DeviceEndpoints['mqtt'] {
  const [, host = '', port = String(ports.mqtt)] = /^([A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  throw new UsageError(`--endpoint ${text}: expected a host such as iot.example.com or iot.example.com:8883`);
}
