// osls takes a CommonJS function here; tsx, which it depends on, lets the rest be TypeScript.
const { register } = require('tsx/cjs/api');

register();

module.exports = async ({ resolveVariable }) => {
  const { writeResources } = require('./write-resources.ts');
  return writeResources(await resolveVariable('sls:stage'));
};
