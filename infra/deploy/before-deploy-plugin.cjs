// Runs before a deploy sends anything to AWS: refuses unsafe deploys, and warns the person who deploys.
const { GetFunctionCommand, LambdaClient } = require('@aws-sdk/client-lambda');
const { GetParameterCommand, SSMClient } = require('@aws-sdk/client-ssm');
const { find, openNames } = require('./account-names.cjs');
const loadTypescript = require('../bundling/load-typescript.cjs');

/** The name that serverless.yml gives to the stack. Secrets in Secrets Manager are not checked. */
const findParameter =
  ({ provider }) =>
  ({ id }) => {
    const given = (key) =>
      provider.stackParameters?.find(({ ParameterKey }) => ParameterKey === key)?.ParameterValue;
    return given(`${id}Secret`) ? undefined : given(`${id}Parameter`);
  };

class BeforeDeploy {
  constructor(serverless, _options, { log }) {
    this.hooks = {
      'before:aws:deploy:deploy:createStack': async () => {
        const { beforeDeploy } = loadTypescript('infra/deploy/before-deploy.ts');
        const { service } = serverless;
        const provider = serverless.getProvider('aws');
        const settings = await provider.getAwsSdkV3Config();
        const lambda = new LambdaClient(settings);
        const ssm = new SSMClient(settings);
        const names = openNames(settings, async (service) => {
          const { partition, accountId } = await provider.getAccountInfo();
          return `arn:${partition}:${service}:${provider.getRegion()}:${accountId}`;
        });
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
            template: service.provider.compiledCloudFormationTemplate,
            isTableAdopted: service.custom.cordon.table === 'adopt',
            listOwn: () => names.listOwn(provider.naming.getStackName()),
            findTaken: names.findTaken,
            ...names.groups,
            notice: (text) => log.notice(text),
            warn: (text) => log.warning(text),
          });
        } finally {
          lambda.destroy();
          ssm.destroy();
          names.close();
        }
      },
    };
  }
}

module.exports = BeforeDeploy;
