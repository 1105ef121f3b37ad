import { files } from 'cordon:console';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { sendRequest } from '../../shared/send-request';
import { serveConsole } from './handler';
import { connectProvider } from './provider';

const { log, wrap } = createTelemetry('console');

const { OIDC_ISSUER: issuer = '', OIDC_AUDIENCE: audience = '', OIDC_CLIENT_ID: named = '' } = process.env;
const [first = ''] = audience.split(',');

export const handler = wrap(
  serveConsole({
    files,
    stage: readEnv('STAGE'),
    region: readEnv('AWS_REGION'),
    signIn:
      issuer === ''
        ? undefined
        : {
            clientId: named || first,
            scope: readEnv('OIDC_SCOPE'),
            loadProvider: connectProvider(issuer, { send: sendRequest, clock: Date.now }),
          },
    log,
  }),
);
