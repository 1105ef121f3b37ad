import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { CliError, RefusedError, TimedOutError, UnwellError, UsageError } from '../../cli/cli-error';
import { readFault, type Where } from '../../cli/faults';
import { loadConfiguration } from '../../shared/config/load';
import { ConfigurationError, parseConfiguration } from '../../shared/config/parse';
import { IndexNotBuiltError } from '../../shared/errors';

const named = (name: string, message = 'no', more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });
const read = (error: unknown, where: Partial<Where> = {}, env: NodeJS.ProcessEnv = {}) =>
  readFault(error, { stage: 'dev', isLocal: false, ...where }, env);

function catchFrom(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

describe('what a command ends with', () => {
  it.each([
    [new CliError('a'), 1],
    [new ConfigurationError(['cordon.yml:1: no']), 1],
    [catchFrom(() => parseConfiguration('detector: [', 'cordon.yml')), 1],
    [catchFrom(() => loadConfiguration('no-such-cordon.yml')), 2],
    [new UsageError('a'), 2],
    [new RefusedError('a'), 3],
    [named('AccessDeniedException'), 3],
    [named('AuthorizationErrorException'), 3],
    [new TimedOutError('a'), 4],
    [named('CredentialsProviderError'), 5],
    [named('TimeoutError'), 5],
    [named('Error', 'connect', { code: 'ECONNREFUSED' }), 5],
    [new ResourceNotFoundException({ message: 'x', $metadata: {} }), 5],
    [new UnwellError('a'), 6],
    [named('ValidationException'), 1],
    [new IndexNotBuiltError('building'), 1],
    ['a text', 1],
  ])('is an exit code by its kind: %s, %d', (error, exitCode) => {
    expect(read(error).exitCode).toBe(exitCode);
  });

  it.each([
    ['sqs:SendMessage', 'an operator needs the rights in docs/iam/act-on-cases.json'],
    ['ssm:PutParameter', 'an operator needs the rights in docs/iam/kill-switch.json'],
    ['dynamodb:GetItem', 'a viewer needs the rights in docs/iam/read-cases.json'],
    ['iot:UpdateThing', 'docs/iam has the rights that each command needs'],
  ])('says whose rights are missing when AWS refuses %s', (action, rights) => {
    const message = `User: arn:aws:iam::000000000000:user/bob is not authorized to perform: ${action} on resource: x`;

    expect(read(named('AccessDeniedException', message)).text).toMatch(new RegExp(`${rights}$`));
  });

  it.each(['ExpiredTokenException', 'ExpiredToken', 'RequestExpired'])(
    'says what to do if credentials have expired: %s',
    (name) => {
      expect(read(named(name)).text).toBe(
        'the AWS credentials have expired: sign in again (aws sso login), or set new ones',
      );
    },
  );

  it('says what to do if a login by SSO has expired, which the SDK reports as missing credentials', () => {
    const error = named(
      'CredentialsProviderError',
      'The SSO session associated with this profile has expired',
    );

    expect(read(error).text).toContain('have expired: sign in again');
  });

  it('says which settings AWS does not accept', () => {
    expect(read(named('UnrecognizedClientException'))).toEqual({
      text: 'AWS does not accept the credentials (UnrecognizedClientException): check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      exitCode: 5,
    });
  });

  it.each([
    [
      'a web page',
      'Unexpected token \'<\', "<!doctype"... is not valid JSON\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.',
    ],
    ['an answer without an error of AWS', 'UnknownError'],
    ['a page instead of XML', 'Unknown'],
  ])(
    'names the server whose answer the SDK can not read, without a hint for programmers: %s',
    (_, message) => {
      const error = named('SyntaxError', message, { $metadata: { httpStatusCode: 404 } });

      expect(read(error, {}, { AWS_ENDPOINT_URL: 'http://localhost:5000' })).toEqual({
        text: 'http://localhost:5000 (HTTP 404) gave an answer that AWS does not give: the server that AWS_ENDPOINT_URL names lacks the operation, or failed in it',
        exitCode: 5,
      });
      expect(read(error).text).toMatch(/^AWS does not give such an answer \(HTTP 404\): .*check HTTPS_PROXY/);
    },
  );

  it('advises what helps on the local stack, where the environment says nothing of AWS', () => {
    const env = { AWS_ENDPOINT_URL: 'http://localhost:4566' };
    const missing = new ResourceNotFoundException({ message: 'x', $metadata: {} });
    const unreadable = named('SyntaxError', 'UnknownError', { $metadata: { httpStatusCode: 500 } });

    expect(
      [missing, named('UnrecognizedClientException'), unreadable].map((error) =>
        read(error, { isLocal: true, stage: 'prod' }, env),
      ),
    ).toEqual([
      {
        text: 'the local stack has no stage prod (no table cordon-prod): leave out --stage, or use --aws',
        exitCode: 5,
      },
      {
        text: 'the local stack does not accept the credentials of .cordon/local.json (UnrecognizedClientException): run the command again',
        exitCode: 5,
      },
      {
        text: 'the local stack gave an answer (HTTP 500) that AWS does not give: .cordon/logs/local-stack.log says why',
        exitCode: 5,
      },
    ]);
  });

  it('distinguishes a silent local stack, a left-over address and a silent AWS', () => {
    const silent = named('Error', 'connect ECONNREFUSED 10.0.0.1:443', { code: 'ECONNREFUSED' });
    const left = { AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:4566\u001b[2J' };

    expect(read(silent, { isLocal: true }, left).text).toContain('start it with npm start');
    expect(read(silent, {}, left).text).toBe(
      'nothing answers at http://localhost:4566\uFFFD[2J (ECONNREFUSED), which AWS_ENDPOINT_URL_DYNAMODB names: unset AWS_ENDPOINT_URL_DYNAMODB to use AWS, or correct it',
    );
    expect(read(silent).text).toContain(
      'AWS does not answer (ECONNREFUSED connect ECONNREFUSED 10.0.0.1:443)',
    );
  });
});
