// osls takes a CommonJS function here; load-typescript.cjs lets the rest be TypeScript.
const loadTypescript = require('./bundling/load-typescript.cjs');

module.exports = async ({ resolveVariable }) => {
  const { writeResources } = loadTypescript('infra/template/write-resources.ts');
  try {
    return writeResources(await resolveVariable('sls:stage'), await resolveVariable('self:custom.cordon'));
  } catch (error) {
    // Without this, osls prints a stack trace of twenty lines below the message about cordon.yml.
    if (error.name === 'ConfigurationError') error.stack = `\n${error.message}`;
    throw error;
  }
};
