// The tags of the stack and of the functions. osls passes those of the stack on to CloudFormation.
const loadTypescript = require('./bundling/load-typescript.cjs');

module.exports = async ({ resolveVariable }) => {
  const { writeTags } = loadTypescript('infra/template/tags.ts');
  const { tags } = await resolveVariable('self:custom.cordon');
  try {
    return writeTags(await resolveVariable('sls:stage'), tags);
  } catch (error) {
    // resources.cjs says why.
    if (error.name === 'ConfigurationError') error.stack = `\n${error.message}`;
    throw error;
  }
};
