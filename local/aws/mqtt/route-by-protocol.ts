import type { TLSSocket } from 'node:tls';

/** ALPN names of HTTPS, with a client certificate on port 443 and with what clients send by themselves. */
export const HTTP_PROTOCOLS: readonly string[] = ['x-amzn-http-ca', 'http/1.1'];
export const MQTT_PROTOCOLS: readonly string[] = ['x-amzn-mqtt-ca', 'mqtt'];

const PATIENCE_MS = 10_000;

/**
 * Tells HTTP from MQTT on one port: by ALPN as port 443 of AWS IoT does, and for a client that names no protocol by its
 * first byte, which is a letter of a method or MQTT's CONNECT. A client that says nothing is cut.
 */
export function routeByProtocol(socket: TLSSocket, toHttp: () => void, toMqtt: () => void): void {
  const protocol = socket.alpnProtocol || '';
  if (HTTP_PROTOCOLS.includes(protocol)) toHttp();
  else if (MQTT_PROTOCOLS.includes(protocol)) toMqtt();
  else awaitFirstByte(socket, toHttp, toMqtt);
}

function awaitFirstByte(socket: TLSSocket, toHttp: () => void, toMqtt: () => void): void {
  const patience = setTimeout(() => socket.destroy(), PATIENCE_MS);
  const ignore = (): void => undefined;
  socket.on('error', ignore);
  socket.once('close', () => clearTimeout(patience));
  socket.once('readable', () => {
    clearTimeout(patience);
    const start = socket.read() as Buffer | null;
    if (start === null) {
      socket.destroy();
      return;
    }
    socket.unshift(start);
    socket.removeListener('error', ignore);
    const first = start[0] ?? 0;
    if (first >= 0x41 && first <= 0x5a) toHttp();
    else toMqtt();
  });
}
