import { nameOf } from './deploy-parameters';
import { keyParameters } from './encryption';
import { httpApiParameters } from './http-api';
import { writeSecretParameters } from './secrets';

/**
 * What a deploy gives the stack, as osls has it: for each parameter of the template what `--param` says, else the
 * default. Those that only tests change are none of them.
 */
export function writeStackParameters(stage: string) {
  const declared: Readonly<Record<string, object>> = {
    ...keyParameters,
    ...writeSecretParameters(`cordon-${stage}`),
    ...httpApiParameters,
  };
  return Object.entries(declared).map(([ParameterKey, declaration]) => ({
    ParameterKey,
    ParameterValue: `\${param:${nameOf({ ParameterKey, ParameterValue: undefined })}, '${'Default' in declaration ? declaration.Default : ''}'}`,
  }));
}
