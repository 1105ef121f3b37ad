const loadTypescript = require('./bundling/load-typescript.cjs');

module.exports = async ({ resolveVariable }) => {
  const { writeStackParameters } = loadTypescript('infra/template/stack-parameters.ts');
  return writeStackParameters(await resolveVariable('sls:stage'));
};
