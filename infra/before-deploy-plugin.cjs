// Runs before a deploy sends anything to AWS: refuses unsafe deploys, and warns the person who deploys.
const {
  DescribeCustomMetricCommand,
  DescribeSecurityProfileCommand,
  DescribeThingGroupCommand,
  GetPolicyCommand,
  IoTClient,
} = require('@aws-sdk/client-iot');
const { GetFunctionCommand, LambdaClient } = require('@aws-sdk/client-lambda');
const { GetParameterCommand, SSMClient } = require('@aws-sdk/client-ssm');
const loadTypescript = require('./load-typescript.cjs');

/** The result of a call, or undefined if AWS finds nothing with this name. */
async function find(call, missing) {
  try {
    return await call();
  } catch (error) {
    if (error.name === missing) return undefined;
    throw error;
  }
}

/** The name that serverless.yml gives to the stack. Secrets in Secrets Manager are not checked. */
const findParameter =
  ({ provider }) =>
  ({ id }) => {
    const given = (key) =>
      provider.stackParameters?.find(({ ParameterKey }) => ParameterKey === key)?.ParameterValue;
    return given(`${id}Secret`) ? undefined : given(`${id}Parameter`);
  };

/** The call that finds something of AWS IoT by its name. */
const describe = {
  'thing group': (thingGroupName) => new DescribeThingGroupCommand({ thingGroupName }),
  policy: (policyName) => new GetPolicyCommand({ policyName }),
  'security profile': (securityProfileName) => new DescribeSecurityProfileCommand({ securityProfileName }),
  'custom metric': (metricName) => new DescribeCustomMetricCommand({ metricName }),
};

class BeforeDeploy {
  constructor(serverless, _options, { log }) {
    this.hooks = {
      'before:aws:deploy:deploy:createStack': async () => {
        const { beforeDeploy } = loadTypescript('./before-deploy.ts');
        const { service } = serverless;
        const provider = serverless.getProvider('aws');
        const settings = await provider.getAwsSdkV3Config();
        const lambda = new LambdaClient(settings);
        const ssm = new SSMClient(settings);
        const iot = new IoTClient(settings);
        try {
          await beforeDeploy({
            stage: provider.getStage(),
            file: service.custom.cordonFile,
            findParameter: findParameter(service),
            async readEnvironment(FunctionName) {
              const call = () => lambda.send(new GetFunctionCommand({ FunctionName }));
              const found = await find(call, 'ResourceNotFoundException');
              return found && (found.Configuration?.Environment?.Variables ?? {});
            },
            async readStored(Name) {
              const call = () => ssm.send(new GetParameterCommand({ Name }));
              return (await find(call, 'ParameterNotFound'))?.Parameter?.Value;
            },
            async exists({ kind, name }) {
              const call = () => iot.send(describe[kind](name));
              return (await find(call, 'ResourceNotFoundException')) !== undefined;
            },
            notice: (text) => log.notice(text),
            warn: (text) => log.warning(text),
          });
        } finally {
          lambda.destroy();
          ssm.destroy();
          iot.destroy();
        }
      },
    };
  }
}

module.exports = BeforeDeploy;
