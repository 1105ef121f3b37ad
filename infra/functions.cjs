// The functions of the channels that cordon.yml names, which osls joins with those of serverless.yml.
const { register } = require('tsx/cjs/api');

register();

module.exports = async ({ resolveVariable }) => {
  const { configurationFile, loadConfiguration } = require('../shared/config/load.ts');
  const { writeChannelFunctions } = require('./channels.ts');
  try {
    return writeChannelFunctions(
      loadConfiguration(configurationFile(), await resolveVariable('self:custom.cordon')),
    );
  } catch (error) {
    // As in resources.cjs.
    if (error.name === 'ConfigurationError') error.stack = `\n${error.message}`;
    throw error;
  }
};
