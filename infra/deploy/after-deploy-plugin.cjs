// Prints, after a deploy, what the person who deployed needs next.
const { CloudFormationClient, DescribeStacksCommand } = require('@aws-sdk/client-cloudformation');
const loadTypescript = require('../bundling/load-typescript.cjs');

class AfterDeploy {
  constructor(serverless, _options, { log }) {
    let text;
    this.hooks = {
      'after:deploy:finalize': async () => {
        const { describeDeployed } = loadTypescript('infra/deploy/after-deploy.ts');
        const provider = serverless.getProvider('aws');
        text = describeDeployed({
          stage: provider.getStage(),
          region: provider.getRegion(),
          outputs: await readOutputs(provider),
          command: process.env.CORDON_COMMAND ?? 'npx cordon',
        });
      },
      // Below what osls says at the end.
      finalize: () => {
        if (text !== undefined) log.notice(`\n${text}`);
      },
    };
  }
}

async function readOutputs(provider) {
  const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
  try {
    const StackName = provider.naming.getStackName();
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  } finally {
    client.destroy();
  }
}

module.exports = AfterDeploy;
