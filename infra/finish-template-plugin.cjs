// What only the whole template and the command line show, once osls has read both.
const { register } = require('tsx/cjs/api');

register();

class FinishTemplate {
  constructor(serverless, options) {
    const refuse = (faults) => {
      const found = [...faults];
      if (found.length > 0) throw new serverless.classes.Error(found.join('\n'), 'WRONG_PARAMETER');
    };
    const { service } = serverless;

    this.hooks = {
      initialize: () => {
        const { findNameFaults, listGiven, nameOf } = require('./deploy-parameters.ts');
        const given = listGiven(options.param ?? [], serverless.configurationInput.params);
        const known = [
          ...Object.keys(service.custom.cordon),
          ...service.provider.stackParameters.map(nameOf),
        ];
        refuse(findNameFaults(given, known));
        const { table } = service.custom.cordon;
        if (table !== null && table !== 'adopt') refuse([`--param: table is ${table}: expected adopt`]);
      },

      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { finishTemplate } = require('./finish-template.ts');
        const { findValueFaults } = require('./deploy-parameters.ts');
        const { compiledCloudFormationTemplate: template, stackParameters } = service.provider;
        refuse(findValueFaults(stackParameters, template.Parameters));
        finishTemplate(template);
      },

      'before:deploy:deploy': () => {
        // What is deployed then is what was packaged, with the parameters of that time.
        if (options.package !== undefined && options.param !== undefined)
          refuse([`--param has no effect on what is packaged already: give it to sls package`]);
      },

      'before:aws:deploy:deploy:createStack': () => {
        // osls makes a new stack from a template of its bucket alone, yet gives it the parameters of the whole:
        // CloudFormation refuses those that a template doesn't declare.
        const { coreCloudFormationTemplate: core, compiledCloudFormationTemplate: whole } = service.provider;
        core.Parameters = whole.Parameters;
        if (service.custom.cordon.table === 'adopt') adoptRetained(serverless);
      },
    };
  }
}

/** Lets CloudFormation take in what an earlier stack left: only what has a name of its own and a policy that keeps it. */
function adoptRetained(serverless) {
  const deploy = serverless.pluginManager.plugins.find((plugin) => plugin.constructor.name === 'AwsDeploy');
  const write = deploy.getCreateChangeSetParams.bind(deploy);
  deploy.getCreateChangeSetParams = (of) => ({ ...write(of), ImportExistingResources: true });
}

module.exports = FinishTemplate;
