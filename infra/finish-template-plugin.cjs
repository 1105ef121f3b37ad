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
    };
  }
}

module.exports = FinishTemplate;
