import type { Command } from 'commander';
import type { TargetOptions } from '../target';
import type { DeployFlags } from './run';

/** Adds the commands that deploy and remove the stack. Only the npm package has what they deploy. */
export function addDeployCommands(program: Command): void {
  const stage = () => {
    // There is no local stack to deploy to, which an error would point to.
    program.setOptionValue('aws', true);
    return program.opts<TargetOptions>().stage;
  };
  const collect = (value: string, before: readonly string[]) => [...before, value];
  const addCommand = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('--region <region>', 'region of the stack (default: AWS_REGION)')
      .option('--config <file>', 'the cordon.yml (default: cordon.yml)')
      .option(
        '--param <name=value>',
        'a parameter of the deploy, once for each (docs/deploying.md)',
        collect,
        [],
      );

  addCommand('deploy', 'deploy a cordon.yml as the stack of the stage, or update that stack').action(
    async (flags: DeployFlags) => {
      const { deploy } = await import('./run');
      await deploy('deploy', stage(), flags);
    },
  );
  addCommand('package', 'write the template and the functions that a deploy would send, and change nothing')
    .argument('<folder>', 'where to write them')
    .action(async (folder: string, flags: DeployFlags) => {
      const { deploy } = await import('./run');
      await deploy('package', stage(), { ...flags, out: folder });
    });
  addCommand(
    'remove',
    'delete the stack of the stage, unless something is contained; the table stays',
  ).action(async (flags: DeployFlags) => {
    const { deploy } = await import('./run');
    await deploy('remove', stage(), flags);
  });
}
