// The functions of the channels in cordon.yml. osls adds them to those of serverless.yml.
const loadTypescript = require('./bundling/load-typescript.cjs');

module.exports = async ({ resolveVariable }) => {
  const { configurationFile, loadConfiguration } = loadTypescript('shared/config/load.ts');
  const { writeChannelFunctions } = loadTypescript('infra/template/channels.ts');
  try {
    return writeChannelFunctions(
      loadConfiguration(configurationFile(), await resolveVariable('self:custom.cordon')),
    );
  } catch (error) {
    // resources.cjs says why.
    if (error.name === 'ConfigurationError') error.stack = `\n${error.message}`;
    throw error;
  }
};
