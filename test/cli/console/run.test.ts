import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { findApiUrl } from '../../../cli/console/run';
import { mockClient } from '../../mock-client';

describe('the API of a stage', () => {
  it.each([
    [
      false,
      'stage prod is not deployed there (no API of a stack cordon-prod): check --stage and AWS_REGION, or give --api',
    ],
    [
      true,
      'the local stack has no stage prod (no API of a stack cordon-prod): leave out --stage, or use --aws',
    ],
  ])('is not there, on the local stack: %s', async (isLocal, message) => {
    const client = new CloudFormationClient({ region: 'eu-west-1' });
    const missing = Object.assign(new Error('Stack cordon-prod does not exist'), { name: 'ValidationError' });
    mockClient(client).on(DescribeStacksCommand).rejects(missing);

    await expect(findApiUrl('prod', client, isLocal)).rejects.toMatchObject({ message, exitCode: 5 });
  });
});
