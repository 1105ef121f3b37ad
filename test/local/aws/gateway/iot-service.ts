import { nameIotOperation } from '../../../../local/aws/iot/service-model';
import type { ServiceHandler } from '../../../../local/types';

/** Stands for the IoT control plane: describes any thing, and breaks on the thing `broken`. */
export function anIotService(): { readonly handler: ServiceHandler; readonly served: readonly string[] } {
  const served: string[] = [];
  const handler: ServiceHandler = {
    identify({ path }) {
      const name = /^\/things\/([^/]+)$/.exec(path)?.[1];
      return name === undefined
        ? undefined
        : { action: 'iot:DescribeThing', resources: [`arn:aws:iot:eu-west-1:000000000000:thing/${name}`] };
    },
    nameOperation: nameIotOperation,
    async handle({ path }) {
      const thingName = path.slice('/things/'.length);
      served.push(thingName);
      if (thingName === 'broken') throw new Error('bug');
      return { status: 200, body: JSON.stringify({ thingName }) };
    },
  };
  return { handler, served };
}
