import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { stringify } from 'yaml';
import type { Configuration } from '../../shared/domain/configuration';
import { agentClientId } from '../../shared/domain/text';
import { fileNames } from './folder';

/**
 * The configuration of cordon-agent for a device; its files lie beside it. The agent's client id is its own if the
 * certificate is the thing's exclusively; else no policy variable would have a value under it.
 */
export function writeAgentConfig(
  thingName: string,
  endpoint: string,
  { detector }: Pick<Configuration, 'detector'>,
  isExclusive: boolean,
): string {
  const settings = {
    endpoint,
    rootCA: fileNames.rootCa,
    cert: fileNames.certificate,
    key: fileNames.key,
    clientId: isExclusive ? agentClientId(thingName) : thingName,
    thingName,
    interval: 300,
    reportTo: detector,
    customMetrics: true,
  };
  return `# Written by cordon enroll. Copy this folder to /etc/cordon-agent on ${thingName}. Paths are relative to it.\n${stringify(settings)}`;
}

/** The roots of Amazon Trust Services, one of which every ATS endpoint's certificate goes back to; Node carries them. */
export function findAmazonRoots(): string {
  const roots = rootCertificates.filter((pem) =>
    /^CN=Amazon Root CA \d$/m.test(new X509Certificate(pem).subject),
  );
  return `${roots.join('\n')}\n`;
}
