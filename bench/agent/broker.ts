import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';
import { createCertificateAuthority } from '../../local/aws/mqtt/certificates';

/** What an agent needs to connect. */
interface Access {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface CountingBroker {
  readonly access: Access;
  /** Called with each report. */
  onPublish: (clientId: string, payload: string) => void;
  /** TCP payload so far of the connection that this client has now; undefined without one. */
  bytesOf(clientId: string): number | undefined;
  close(): Promise<void>;
}

/** An MQTT broker over mutual TLS on a free port of 127.0.0.1, that counts what is on its sockets. */
export async function startCountingBroker(folder: string): Promise<CountingBroker> {
  const aedes = await Aedes.createBroker();
  const authority = await createCertificateAuthority();
  const [server, device] = await Promise.all([
    authority.issueServerCertificate(),
    authority.issueDeviceCertificate({ commonName: 'bench' }),
  ]);
  const paths = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  await writeFile(paths.ca, authority.certificatePem);
  await writeFile(paths.cert, device.certificatePem);
  await writeFile(paths.key, device.privateKeyPem);
  await chmod(paths.key, 0o600);

  const sockets = new Set<Socket>();
  const bySourcePort = new Map<number, Socket>();
  const byClient = new Map<string, Socket>();
  const tls = createServer(
    {
      cert: server.certificatePem,
      key: server.privateKeyPem,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (socket) => aedes.handle(socket),
  );
  tls.on('connection', (socket: Socket) => {
    const { remotePort = 0 } = socket;
    sockets.add(socket);
    bySourcePort.set(remotePort, socket);
    socket.once('close', () => {
      sockets.delete(socket);
      bySourcePort.delete(remotePort);
    });
  });
  aedes.on('client', (client) => {
    const socket = bySourcePort.get((client.conn as Socket).remotePort ?? 0);
    if (socket) byClient.set(client.id, socket);
  });
  aedes.on('clientDisconnect', (client) => byClient.delete(client.id));
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');
  const broker: CountingBroker = {
    access: { host: 'localhost', port: (tls.address() as AddressInfo).port, ...paths },
    onPublish: () => undefined,
    bytesOf: (clientId) => {
      const socket = byClient.get(clientId);
      return socket && socket.bytesRead + socket.bytesWritten;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => tls.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
  aedes.on('publish', (packet, client) => {
    if (client) broker.onPublish(client.id, packet.payload.toString());
  });
  return broker;
}
