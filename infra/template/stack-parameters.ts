import { accountParameters } from './account-rules';
import { keyParameters } from './encryption';
import { httpApiParameters } from './http-api';
import { nameParameter } from './parameter-name';
import { writeSecretParameters } from './secrets';

/**
 * The stack parameters of a deploy, in the form of osls: for each template parameter the value of `--param`, or the default.
 * Parameters that only tests change are left out.
 */
export function writeStackParameters(stage: string) {
  const declared: Readonly<Record<string, object>> = {
    ...keyParameters,
    ...accountParameters,
    ...writeSecretParameters(`cordon-${stage}`),
    ...httpApiParameters,
  };
  return Object.entries(declared).map(([ParameterKey, declaration]) => ({
    ParameterKey,
    ParameterValue: `\${param:${nameParameter(ParameterKey)}, '${'Default' in declaration ? declaration.Default : ''}'}`,
  }));
}
