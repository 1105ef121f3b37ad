import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { requireContent } from '../../describe-error';
import type { StackState } from '../checks/stack';

export function connectStack(settings: object) {
  const cloudFormation = new CloudFormationClient(settings);

  return {
    async readStack(stackName: string): Promise<StackState | undefined> {
      try {
        const answer = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }));
        const [stack] = requireContent(answer.Stacks, answer);
        if (!stack) return undefined;
        const {
          StackId: id = '',
          StackStatus = 'unknown',
          Outputs = [],
          Parameters = [],
          CreationTime,
        } = stack;
        const { LastUpdatedTime: deployed = CreationTime } = stack;
        return {
          id,
          status: StackStatus,
          outputs: Object.fromEntries(
            Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
          ),
          parameters: Object.fromEntries(
            Parameters.map(({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue]),
          ),
          ...(deployed && { deployedAt: deployed.getTime() }),
        };
      } catch (error) {
        // This is how CloudFormation reports a missing stack.
        if (
          error instanceof Error &&
          error.name === 'ValidationError' &&
          error.message.includes('does not exist')
        )
          return undefined;
        throw error;
      }
    },
  };
}
