// Prints, after a deploy, what the person who deployed needs next.
const { CloudFormationClient, DescribeStacksCommand } = require('@aws-sdk/client-cloudformation');
const loadTypescript = require('./load-typescript.cjs');

class AfterDeploy {
  constructor(serverless, _options, { log }) {
    this.hooks = {
      'after:deploy:finalize': async () => {
        const { describeDeployed } = loadTypescript('./after-deploy.ts');
        const provider = serverless.getProvider('aws');
        const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
        try {
          const StackName = provider.naming.getStackName();
          const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
          const outputs = (Stacks[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [
            OutputKey,
            OutputValue,
          ]);
          log.notice(
            describeDeployed({
              stage: provider.getStage(),
              region: provider.getRegion(),
              outputs: Object.fromEntries(outputs),
              command: process.env.CORDON_COMMAND ?? 'npx cordon',
            }),
          );
        } finally {
          client.destroy();
        }
      },
    };
  }
}

module.exports = AfterDeploy;
