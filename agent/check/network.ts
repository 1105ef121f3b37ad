import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import type { Credentials } from '../config/credentials';
import type { Endpoint } from '../config/flag-values';
import { familySelection, type LinkTiming } from '../config/link-timing';
import { describeError } from '../describe-error';
import { type Finding, failed, ok } from './finding';

export const stepTimeoutMs = 10_000;

export async function checkName({ host }: Endpoint): Promise<Finding> {
  try {
    const addresses = await lookup(host, { all: true });
    return ok('name', `${host} is ${addresses.map(({ address }) => address).join(', ')}`);
  } catch (error) {
    return failed(
      'name',
      describeError(error as Error),
      `is ${host} right, and does the device reach its name server?`,
    );
  }
}

export function checkTcp({ host, port }: Endpoint, timing: LinkTiming): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, ...familySelection(timing), timeout: timing.connectTimeoutMs });
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    socket.once('connect', () => end(ok('tcp', `port ${port} of ${socket.remoteAddress} answers`)));
    socket.once('timeout', () => end(failed('tcp', `no answer from port ${port}`, portAdvice(port))));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const advice = withoutRoute.has(error.code ?? '')
        ? 'is the network up, and is there a route to this address?'
        : portAdvice(port);
      end(failed('tcp', describeError(error), advice));
    });
  });
}

/** Errors of a machine that has no route to the address. No firewall causes them. */
const withoutRoute: ReadonlySet<string> = new Set(['ENETUNREACH', 'ENETDOWN']);

function portAdvice(port: number): string {
  return port === 443
    ? 'does a firewall block it?'
    : `does a firewall block port ${port}? AWS IoT also listens on 443`;
}

/** A handshake that accepts any certificate of the broker, to report what is wrong with it. */
export function checkTls(
  { host, port }: Endpoint,
  credentials: Credentials,
  now: number,
  alpn: readonly string[] | undefined,
  timing: LinkTiming,
): Promise<Finding> {
  return new Promise((resolve) => {
    const { ca, cert, key } = credentials;
    const socket = connectTls({
      host,
      port,
      ca,
      cert,
      key,
      ...(isIP(host) === 0 && { servername: host }),
      ...(alpn && { ALPNProtocols: [...alpn] }),
      ...familySelection(timing),
      minVersion: 'TLSv1.2',
      rejectUnauthorized: false,
      timeout: timing.connectTimeoutMs,
    });
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    socket.once('secureConnect', () => {
      const peer = socket.getPeerCertificate();
      const problem: unknown = socket.authorizationError;
      end(
        problem
          ? judgeBroker(problem instanceof Error ? describeError(problem) : String(problem), peer, host, now)
          : ok(
              'tls',
              `${socket.getProtocol()}, the broker's certificate is issued by ${nameOf(peer.issuer)}`,
            ),
      );
    });
    socket.once('timeout', () => end(failed('tls', 'the handshake got no answer')));
    socket.once('error', (error) =>
      end(
        failed(
          'tls',
          describeError(error),
          'is this a TLS port, and is the certificate registered and active?',
        ),
      ),
    );
  });
}

function judgeBroker(problem: string, peer: PeerCertificate, host: string, now: number): Finding {
  if (/EXPIRED|NOT_YET_VALID|expired|not yet valid/.test(problem)) {
    const clock = new Date(now).toISOString();
    return failed(
      'clock',
      `the device's clock says ${clock}, the broker's certificate is valid from ${peer.valid_from} to ${peer.valid_to}`,
      'set the clock (timedatectl set-ntp true)',
    );
  }
  if (/ALTNAME/i.test(problem)) {
    return failed(
      'tls',
      `the broker's certificate is for ${clean(peer.subjectaltname ?? nameOf(peer.subject))}, not for ${host}`,
      'use the endpoint of `aws iot describe-endpoint --endpoint-type iot:Data-ATS`',
    );
  }
  return failed(
    'tls',
    `the broker's certificate is issued by ${nameOf(peer.issuer)}, which --rootCA does not verify: ${problem}`,
    'for AWS IoT, --rootCA is Amazon Root CA 1 and 3; a proxy that intercepts TLS has a CA of its own',
  );
}

function nameOf(subject: PeerCertificate['issuer'] | undefined): string {
  return clean(String(subject?.CN ?? subject?.O ?? 'an unknown authority'));
}

/** The names in the peer's certificate are untrusted text. */
function clean(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200);
}
