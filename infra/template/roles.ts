import { toPascalCase } from '../../functions/notify/channels/names';
import type { FileConfiguration } from '../../shared/config/schema';
import { listStackChannels, writeChannelRights } from './channels';
import { allow, arn, arnOf, inlinePolicy, type Resources, trust, type Value } from './cloudformation';
import { allowKey } from './encryption';
import { functionRights } from './function-rights';

/** Cordon's own functions, then those of the channels that cordon.yml names. */
export function listFunctions({ notify }: FileConfiguration): string[] {
  return [
    ...Object.keys(functionRights),
    ...listStackChannels(notify).map(({ functionName }) => functionName),
  ];
}

/**
 * The rights of each function, and no others. A new AWS call needs its statement in function-rights.ts; the call of
 * a mitigation action needs it in the action.
 */
export function writeRoles(prefix: string, configuration: FileConfiguration): Resources {
  const ofChannels = listStackChannels(configuration.notify).map((channel) => [
    channel.functionName,
    writeChannelRights(channel),
  ]);
  const all: Readonly<Record<string, readonly Value[]>> = {
    ...Object.fromEntries(
      Object.entries(functionRights).map(([name, write]) => [name, write({ prefix, configuration })]),
    ),
    ...Object.fromEntries(ofChannels),
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, own]) => [
      `${toPascalCase(name)}Role`,
      {
        Type: 'AWS::IAM::Role',
        ...(name === 'respond' && { Metadata: ignoreUnknownActions }),
        Properties: {
          AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
          Policies: inlinePolicy(name, [
            name === 'provision'
              ? allow(logActions, arnOf('ProvisionLogGroup'))
              : writeLogs(`${prefix}-${name}`),
            ...own,
            // These two neither send nor receive messages.
            ...(name === 'provision' || name === 'console' ? [] : [allowKey()]),
          ]),
        },
      },
    ]),
  );
}

/**
 * cfn-lint's list of IAM actions lacks iot:GetConnection, and servers that validate with it would refuse the template.
 * test/infra/template/roles.test.ts has all actions.
 */
const ignoreUnknownActions = { 'cfn-lint': { config: { ignore_checks: ['W3037'] } } };

const logActions = ['logs:CreateLogStream', 'logs:PutLogEvents'];

function writeLogs(functionName: string): Value {
  return allow(logActions, arn('logs', `log-group:/aws/lambda/${functionName}:*`));
}
