// What only the whole template shows, once osls has added the functions and their event sources.
const { register } = require('tsx/cjs/api');

register();

class FinishTemplate {
  constructor(serverless) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { finishTemplate } = require('./finish-template.ts');
        finishTemplate(serverless.service.provider.compiledCloudFormationTemplate);
      },
      // osls makes a new stack from a template of its bucket alone, yet gives it the parameters of the whole: CloudFormation
      // refuses those that a template doesn't declare.
      'before:aws:deploy:deploy:createStack': () => {
        const { coreCloudFormationTemplate: core, compiledCloudFormationTemplate: whole } =
          serverless.service.provider;
        core.Parameters = whole.Parameters;
      },
    };
  }
}

module.exports = FinishTemplate;
