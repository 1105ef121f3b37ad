import { configuration } from 'cordon:configuration';
import { setTimeout as delay } from 'node:timers/promises';
import { connectPolicies } from '../../shared/aws/policies';
import { connectQuarantineGroup } from '../../shared/aws/quarantine-group';
import { connectSecrets } from '../../shared/aws/secrets';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { sendRequest } from '../../shared/send-request';
import { connectHistory } from '../../shared/storage/history';
import { provision } from './handler';

const { log, wrap } = createTelemetry('provision');

const { thingGroup, policy } = configuration.quarantine;
const letGoParameter = readEnv('LET_GO_PARAMETER');

export const handler = wrap(
  provision({
    group: connectQuarantineGroup(),
    current: { policyName: policy ?? readEnv('QUARANTINE_POLICY_NAME'), thingGroup },
    policies: connectPolicies(),
    clock: Date.now,
    wait: (ms) => delay(ms),
    letGoParameter,
    readLetGo: () => connectSecrets().read(letGoParameter),
    listByStatus: connectHistory(readEnv('TABLE_NAME')).listByStatus,
    answer: async (url, body) => {
      // Without a content type, as in AWS's own cfn-response: the signature of the URL knows none.
      const headers = { 'content-type': '' };
      const { status } = await sendRequest(url, { method: 'PUT', headers, body: JSON.stringify(body) });
      if (status < 200 || status >= 300) throw new Error(`CloudFormation answered ${status}`);
    },
    log,
  }),
);
