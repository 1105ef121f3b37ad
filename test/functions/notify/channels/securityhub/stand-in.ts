import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import {
  connectSecurityHubChannel,
  nowhere,
} from '../../../../../functions/notify/channels/securityhub/channel';
import type { Channel } from '../../../../../functions/notify/delivery/channel';
import { createSecurityHub } from '../../../../../local/aws/services/security-hub';
import type { ApiRequest } from '../../../../../local/types';
import { connectSecurityHub } from '../../../../../shared/aws/security-hub';
import type { StandIn } from '../../../../contract/channel-contract';
import { startHttpService } from '../../http-service';

const accountId = '000000000000';

/** The Security Hub of the local stack, without the gateway before it. */
export async function startSecurityHub() {
  const hub = createSecurityHub({ partition: 'aws', region: 'us-east-1', accountId });
  /** Paths that were asked for. */
  const asked: string[] = [];
  const service = await startHttpService(async ({ method, path, headers, body }) => {
    asked.push(path);
    const request = { method, path, headers, body: Buffer.from(body), service: 'securityhub' };
    const { handle, identify } = hub.handler;
    if (!identify(request as unknown as ApiRequest)) return { status: 404 };
    const answer = await handle(request as unknown as ApiRequest);
    return { ...answer, body: String(answer.body) };
  });
  return { ...service, hub, asked };
}

export function connectAt(endpoint: string): Channel {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SecurityHubClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return connectSecurityHubChannel({
    hub: connectSecurityHub(client),
    iotArnPrefix: `arn:aws:iot:us-east-1:${accountId}`,
  }) as Channel;
}

export async function startStandIn(): Promise<StandIn> {
  const { url, hub, close } = await startSecurityHub();
  return {
    url,
    nowhere,
    connect: connectAt,
    shown: () => hub.findings().map(({ Title, Description }) => `${Title} ${Description}`),
    // The console shows its texts as text; a link is one of the URLs, which Cordon writes.
    findHazards: () =>
      hub.findings().flatMap(({ SourceUrl, Remediation }) => {
        const urls = [SourceUrl, Remediation?.Recommendation.Url];
        return urls.filter((url) => url !== undefined && !url.startsWith('https://console.'));
      }) as string[],
    close,
  };
}
