import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { Aedes, type PublishPacket } from 'aedes';
import type { DeviceFiles } from './certificates';

interface Published {
  readonly topic: string;
  readonly qos: number;
  readonly payload: Buffer;
}

export interface TestBroker {
  readonly port: number;
  readonly published: Published[];
  readonly subscribed: string[];
  /** Connections that got as far as TCP. */
  readonly connections: () => number;
  /** Whether a publish is allowed. The broker closes the connection after a refused one, as AWS IoT does. */
  mayPublish: (topic: string) => boolean;
  /** Called for each message that was let through. */
  onPublish: (topic: string) => void;
  /** A client that may not connect gets the reason. */
  mayConnect: () => boolean;
  /** The answer to a refused one; without it, the connection ends. */
  maySubscribe: (topic: string) => 'granted' | 'refused' | 'ended';
  /** Ends the next this many connections before TLS. */
  refuseConnections: number;
  answer(topic: string, payload: Buffer | string, retain?: boolean): void;
  dropClients(): void;
  close(): Promise<void>;
}

/** An MQTT broker on a free port of 127.0.0.1, over TLS, that asks for certificates of the CA in `files`. */
export async function startTlsBroker(
  { authority }: Pick<DeviceFiles, 'authority'>,
  certificate: Parameters<DeviceFiles['authority']['issueServerCertificate']>[0] = {},
): Promise<TestBroker> {
  const aedes = await Aedes.createBroker();
  const server = await authority.issueServerCertificate(certificate);
  const sockets = new Set<TLSSocket>();
  let connections = 0;
  const tls = createServer(
    {
      cert: server.certificatePem,
      key: server.privateKeyPem,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      aedes.handle(socket);
    },
  );
  tls.on('connection', (socket) => {
    connections += 1;
    if (broker.refuseConnections <= 0) return;
    broker.refuseConnections -= 1;
    socket.destroy();
  });
  tls.on('tlsClientError', () => undefined);
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');

  const broker: TestBroker = {
    port: (tls.address() as AddressInfo).port,
    published: [],
    subscribed: [],
    connections: () => connections,
    mayPublish: () => true,
    onPublish: () => undefined,
    mayConnect: () => true,
    maySubscribe: () => 'granted',
    refuseConnections: 0,
    answer: (topic, payload, retain = false) => {
      const packet: PublishPacket = { cmd: 'publish', topic, payload, qos: 1, retain, dup: false };
      aedes.publish(packet, () => undefined);
    },
    dropClients: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => tls.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
  aedes.authenticate = (_client, _user, _password, done) => done(null, broker.mayConnect());
  aedes.authorizePublish = (_client, packet, done) => {
    if (!broker.mayPublish(packet.topic)) return done(new Error('denied by policy'));
    broker.published.push({ topic: packet.topic, qos: packet.qos, payload: Buffer.from(packet.payload) });
    done(null);
    broker.onPublish(packet.topic);
  };
  aedes.authorizeSubscribe = (_client, subscription, done) => {
    broker.subscribed.push(subscription.topic);
    const outcome = broker.maySubscribe(subscription.topic);
    if (outcome === 'ended') done(new Error('denied by policy'), null);
    else done(null, outcome === 'granted' ? subscription : null);
  };
  return broker;
}
