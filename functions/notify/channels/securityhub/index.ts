import { connectSecurityHub } from '../../../../shared/aws/security-hub';
import { readEnv } from '../../../../shared/lambda';
import { serve } from '../../serve';
import { connectSecurityHubChannel, nowhere } from './channel';
import { securityhub } from './descriptor';

const hub = connectSecurityHub();
const iotArnPrefix = readEnv('IOT_ARN_PREFIX');

export const handler = serve({
  name: 'securityhub',
  descriptor: securityhub,
  nowhere,
  connect: () => connectSecurityHubChannel({ hub, iotArnPrefix }),
});
