import { Command } from 'commander';
import { StartError } from './start-error';

export interface Flags {
  readonly once: boolean;
  readonly json: boolean;
  readonly story: boolean;
  /** Only package, then end. */
  readonly packageOnly: boolean;
  readonly gatewayPort: number;
  readonly mqttPort: number;
  readonly policyCacheSeconds: number;
  readonly exclusiveBindsGroups: boolean;
  readonly detachSeconds: number;
}

/** Reads the command line and the environment of `npm start`. */
export function readFlags(args: readonly string[], env: NodeJS.ProcessEnv): Flags {
  const program = new Command('npm start --')
    .description('Runs all of Cordon on this machine, without AWS, and plays its story.')
    .option('--once', 'end after the story; exit 0 only if every step happened')
    .option('--json', 'print the result as one line of JSON, and the story to standard error')
    .option('--serve', 'boot the stack without playing the story')
    .option('--package', 'only package the service and the agent, if sources changed')
    .addHelpText(
      'after',
      [
        '',
        'Environment:',
        '  CORDON_PORT                     port of the AWS endpoint (default: a free one)',
        '  CORDON_MQTT_PORT                port of the MQTT broker (default: a free one)',
        '  CORDON_POLICY_CACHE_SECONDS     how long a policy change takes to apply (default: 0; AWS: 6 to 8 minutes)',
        '  CORDON_DETACH_SECONDS           how long something detached can’t be deleted (default: 0; AWS: up to 5 minutes)',
        '  CORDON_EXCLUSIVE_BINDS_GROUPS   1: policies of groups bind an exclusive certificate under any client id (default: 0)',
      ].join('\n'),
    )
    .allowExcessArguments(false)
    .configureOutput({
      outputError: (text, write) => {
        const fault = text
          .replace(/^error: /, '')
          .trim()
          .replace(/\.?\n/, ' ')
          .replace(/\.$/, '');
        write(`cordon: ${fault}: npm start -- --help lists the options\n`);
      },
    })
    .parse([...args], { from: 'user' });
  const {
    once,
    json,
    serve,
    package: packageOnly,
  } = program.opts<Partial<Record<'once' | 'json' | 'serve' | 'package', boolean>>>();
  if (serve && once)
    throw new StartError('--serve stays up, and --once ends after the story: give one of them');
  return {
    once: once === true,
    json: json === true,
    story: serve !== true,
    packageOnly: packageOnly === true,
    gatewayPort: readNumber(env, 'CORDON_PORT', 65_535),
    mqttPort: readNumber(env, 'CORDON_MQTT_PORT', 65_535),
    policyCacheSeconds: readNumber(env, 'CORDON_POLICY_CACHE_SECONDS', 3_600),
    detachSeconds: readNumber(env, 'CORDON_DETACH_SECONDS', 3_600),
    exclusiveBindsGroups: readNumber(env, 'CORDON_EXCLUSIVE_BINDS_GROUPS', 1) === 1,
  };
}

function readNumber(env: NodeJS.ProcessEnv, name: string, max: number): number {
  const text = env[name] ?? '0';
  if (!/^\d{1,5}$/.test(text) || Number(text) > max)
    throw new StartError(`${name}=${text}: expected a whole number from 0 to ${max}`);
  return Number(text);
}
