const { register } = require('tsx/cjs/api');

register();

module.exports = async ({ resolveVariable }) => {
  const { writeStackParameters } = require('./stack-parameters.ts');
  return writeStackParameters(await resolveVariable('sls:stage'));
};
