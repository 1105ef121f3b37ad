// Checks the command line and the parameters of a deploy, and completes the template that osls compiled.
const loadTypescript = require('../bundling/load-typescript.cjs');

class CompleteTemplate {
  constructor(serverless, options) {
    const refuse = (faults) => {
      const found = [...faults];
      if (found.length > 0) throw new serverless.classes.Error(found.join('\n'), 'WRONG_PARAMETER');
    };
    const { service } = serverless;
    let wanted;
    let placeOf;

    this.hooks = {
      initialize: () => {
        const provider = serverless.getProvider('aws');
        wanted = { stage: provider.getStage(), region: provider.getRegion() };
        const { findNameFaults, findPlaces, listGiven, nameOf } = loadTypescript(
          'infra/deploy/deploy-parameters.ts',
        );
        const given = listGiven(options.param ?? [], serverless.configurationInput.params);
        placeOf = findPlaces(given, wanted.stage);
        const known = [
          ...Object.keys(service.custom.cordon),
          ...service.provider.stackParameters.map(nameOf),
        ];
        refuse(findNameFaults(given, known));
        const { table } = service.custom.cordon;
        if (table !== null && table !== 'adopt')
          refuse([`${placeOf('table')}: table is ${JSON.stringify(table)}: expected adopt, or leave it out`]);
      },

      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { completeTemplate } = loadTypescript('infra/deploy/complete-template.ts');
        const { findPairFaults, findValueFaults } = loadTypescript('infra/deploy/deploy-parameters.ts');
        const { describeFile } = loadTypescript('infra/deploy/before-deploy.ts');
        const { compiledCloudFormationTemplate: template, stackParameters } = service.provider;
        refuse(findValueFaults(stackParameters, template.Parameters, placeOf));
        refuse(findPairFaults(stackParameters, placeOf));
        completeTemplate(template, service.provider.stackTags);
        // Part of the package, so its deploy explains this file.
        service.custom.cordonFile = describeFile(service.custom.cordon);
      },

      'before:deploy:deploy': () => {
        // A deploy of the package deploys what was packaged, with the parameters of that time.
        if (options.package !== undefined && options.param !== undefined)
          refuse(['--param has no effect on a package that is already made: give it to sls package instead']);
      },

      // osls replaces only the code, and then fails because it looks for a role by its logical id.
      'before:deploy:function:initialize': () =>
        refuse([
          'sls deploy function would replace only the code of one function, without its role, its environment, or the functions that send to it: run sls deploy instead',
        ]),

      'before:aws:deploy:deploy:createStack': () => {
        const { findPackageFaults } = loadTypescript('infra/deploy/packaged.ts');
        // At this point the service is the packaged one.
        refuse(findPackageFaults(wanted, service.provider));
        // osls creates a new stack from a template with only its bucket, but passes the parameters of the whole template.
        // CloudFormation refuses parameters that a template does not declare.
        const { coreCloudFormationTemplate: core, compiledCloudFormationTemplate: whole } = service.provider;
        core.Parameters = whole.Parameters;
        if (service.custom.cordon.table === 'adopt') adoptRetained(serverless);
      },
    };
  }
}

/** Lets CloudFormation import what an earlier stack left: only resources with an explicit name and a retaining policy. */
function adoptRetained(serverless) {
  const deploy = serverless.pluginManager.plugins.find((plugin) => plugin.constructor.name === 'AwsDeploy');
  const write = deploy.getCreateChangeSetParams.bind(deploy);
  deploy.getCreateChangeSetParams = (of) => ({ ...write(of), ImportExistingResources: true });
}

module.exports = CompleteTemplate;
