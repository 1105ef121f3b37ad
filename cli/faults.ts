import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { ConfigurationError, UnreadableFileError } from '../shared/config/parse';
import { printable } from '../shared/domain/messages/announcement';
import { IndexNotBuiltError } from '../shared/errors';
import { isUnanswered } from './calls';
import { CliError } from './cli-error';
import { describeError, describeLocalAnswer, findEndpoint, isUnreadable } from './describe-error';
import { describeMissingStage } from './describe-missing-stage';
import { exitCodes, type Fault } from './exit-codes';

/** What the command was for. */
export interface Where {
  readonly stage: string;
  /** The local stack was asked, whatever the environment says. */
  readonly isLocal: boolean;
  /** AWS was asked for with --aws. */
  readonly aws?: boolean;
}

/** What a command ends with. The stack is only printed with CORDON_DEBUG. */
export function readFault(error: unknown, where: Where, env: NodeJS.ProcessEnv): Fault {
  if (error instanceof CliError) return { text: error.message, exitCode: error.exitCode };
  if (error instanceof ConfigurationError)
    return {
      text: error.faults.map(printable).join('\n'),
      exitCode: error instanceof UnreadableFileError ? exitCodes.usage : exitCodes.failed,
    };
  const { text, exitCode } = nameFault(error, where, env);
  const stack = error instanceof Error && env.CORDON_DEBUG ? error.stack : undefined;
  return { text: stack ?? printable(text), exitCode };
}

function nameFault(error: unknown, where: Where, env: NodeJS.ProcessEnv): Fault {
  const { aws, isLocal, stage } = where;
  if (!(error instanceof Error)) return { text: String(error), exitCode: exitCodes.failed };
  const nothingHere = aws ? '' : ', and no local stack runs here (npm start)';
  const unreachable = (text: string): Fault => ({ text, exitCode: exitCodes.unreachable });
  if (expired.has(error.name) || /\bSSO\b.*expired|token has expired/i.test(error.message))
    return unreachable('the AWS credentials have expired: sign in again (aws sso login), or set new ones');
  if (unknownCredentials.has(error.name))
    return unreachable(
      isLocal
        ? `the local stack does not accept the credentials of .cordon/local.json (${error.name}): run the command again`
        : `AWS does not accept the credentials (${error.name}): check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    );
  if (error.name === 'CredentialsProviderError')
    return unreachable(
      `no AWS credentials were found${nothingHere}: set AWS_PROFILE, or sign in (aws sso login)`,
    );
  if (error.message === 'Region is missing')
    return unreachable(`no AWS region is set${nothingHere}: set AWS_REGION`);
  // Only DynamoDB throws this here, and its only table is that of the stage.
  if (error instanceof ResourceNotFoundException)
    return unreachable(describeMissingStage(where, `no table cordon-${stage}`));
  if (error instanceof IndexNotBuiltError) return { text: error.message, exitCode: exitCodes.failed };
  if (isUnanswered(error)) return unreachable(explainSilence(error, where, env));
  if (isUnreadable(error))
    return unreachable(isLocal ? describeLocalAnswer(error) : describeError(error, env));
  const said = `${error.name}: ${error.message}`;
  if (!refusals.has(error.name)) return { text: said, exitCode: exitCodes.failed };
  return { text: `${said}; ${nameRights(error.message)}`, exitCode: exitCodes.refused };
}

/** Whether no command can work there: nothing answers, or the caller is unknown or refused. */
export function isShut(error: unknown): boolean {
  if (error instanceof Error && isUnreadable(error)) return false;
  const { exitCode } = readFault(error, { stage: '', isLocal: false }, {});
  return exitCode === exitCodes.unreachable || exitCode === exitCodes.refused;
}

/** AWS names the action that was refused. */
function nameRights(message: string): string {
  if (/\bsqs:(SendMessage|GetQueueUrl)\b/.test(message))
    return 'to act on cases, an operator needs the rights in docs/iam/act-on-cases.json';
  if (/\bssm:PutParameter\b/.test(message))
    return 'to turn the kill switch, an operator needs the rights in docs/iam/kill-switch.json';
  if (/\bdynamodb:/.test(message))
    return 'to read cases, a viewer needs the rights in docs/iam/read-cases.json';
  return 'docs/iam has the rights that each command needs';
}

/** Error names with which AWS services report expired credentials. */
const expired = new Set(['ExpiredTokenException', 'ExpiredToken', 'RequestExpired', 'TokenRefreshRequired']);
const unknownCredentials = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
]);
const refusals = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'AuthorizationError',
  'AuthorizationErrorException',
  'NotAuthorized',
  'UnauthorizedException',
  'ForbiddenException',
]);

/** An address that is left over from another stack must be named, since nothing else shows it. */
function explainSilence(error: Error, { isLocal }: Where, env: NodeJS.ProcessEnv): string {
  if (isLocal)
    return 'the local stack in .cordon/local.json does not respond: start it with npm start, or use --aws';
  const cause = 'code' in error ? String(error.code) : error.name;
  const left = findEndpoint(env);
  if (!left)
    return `AWS does not answer (${cause} ${error.message}): check the network, AWS_REGION, and endpoint_url of the profile`;
  const { name, url } = left;
  return `nothing answers at ${url} (${cause}), which ${name} names: unset ${name} to use AWS, or correct it`;
}
