import { writeDeployCommand } from '../../deploy/service';
import type { Check, Finding } from '../finding';

export interface StackState {
  /** `arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/NAME/ID`. */
  readonly id: string;
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** Those that it was deployed with. */
  readonly parameters: Readonly<Record<string, string>>;
  /** When it was created or changed last, epoch ms. */
  readonly deployedAt?: number;
}

/** The deployed stack, and its version against the one of this command. */
export function checkStack(stage: string, version: string, read: () => Promise<StackState>): Check {
  const about = 'stack';
  return {
    about,
    async run(): Promise<Finding[]> {
      const stack = await read();
      const deploy = writeDeployCommand(stage);
      const found: Finding[] = [];
      if (/FAILED|ROLLBACK/.test(stack.status))
        found.push({
          level: 'problem',
          about,
          what: `cordon-${stage} is ${stack.status}`,
          why: 'The last deploy did not complete: parts may be of another version.',
          mend: describeRepair(stack.status, `cordon-${stage}`),
        });
      else if (stack.status.endsWith('IN_PROGRESS'))
        found.push({
          level: 'note',
          about,
          what: `cordon-${stage} is ${stack.status}`,
          why: 'The findings below may change.',
        });
      const { Version: deployed } = stack.outputs;
      if (deployed !== version)
        found.push({
          level: 'note',
          about,
          what: `version ${deployed ?? 'unknown'} is deployed, and this is ${version}`,
          why: 'This command may check for parts that the deployed version does not have.',
          mend: deploy,
        });
      return found.length > 0
        ? found
        : [{ level: 'ok', about, what: `cordon-${stage} ${version}, ${stack.status}` }];
    },
  };
}

/** In some states CloudFormation accepts no deploy. */
function describeRepair(status: string, name: string): string {
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return `remove the cause that the events of the stack name, then aws cloudformation continue-update-rollback --stack-name ${name} (docs/rollback.md)`;
  if (/^(ROLLBACK_|CREATE_FAILED)/.test(status))
    return `aws cloudformation delete-stack --stack-name ${name}, since its first deploy never completed; then deploy again (docs/deploying.md)`;
  return 'read the events of the stack, then deploy again (docs/upgrades.md)';
}
