// Before anything of a deploy is sent to AWS: a kill switch that an earlier version has on must not be turned off by it.
const { GetFunctionCommand, LambdaClient } = require('@aws-sdk/client-lambda');
const { GetParameterCommand, SSMClient } = require('@aws-sdk/client-ssm');
const { register } = require('tsx/cjs/api');

register();

/** What a call finds, or undefined where AWS says that there is nothing of that name. */
async function find(call, missing) {
  try {
    return await call();
  } catch (error) {
    if (error.name === missing) return undefined;
    throw error;
  }
}

class KeepKillSwitch {
  constructor(serverless) {
    this.hooks = {
      'before:aws:deploy:deploy:createStack': async () => {
        const { requireKillSwitchKept } = require('./kill-switch-upgrade.ts');
        const provider = serverless.getProvider('aws');
        const settings = await provider.getAwsSdkV3Config();
        const lambda = new LambdaClient(settings);
        const ssm = new SSMClient(settings);
        try {
          await requireKillSwitchKept(provider.getStage(), {
            readEnvironment: async (FunctionName) => {
              const found = await find(
                () => lambda.send(new GetFunctionCommand({ FunctionName })),
                'ResourceNotFoundException',
              );
              return found?.Configuration?.Environment?.Variables ?? undefined;
            },
            readStored: async (Name) => {
              const found = await find(
                () => ssm.send(new GetParameterCommand({ Name })),
                'ParameterNotFound',
              );
              return found?.Parameter?.Value;
            },
          });
        } finally {
          lambda.destroy();
          ssm.destroy();
        }
      },
    };
  }
}

module.exports = KeepKillSwitch;
