import type { Template } from './aws/cloudformation/template';
import type { IotRegistry } from './aws/iot/registry';
import type { LocalLog } from './types';

/** Creates the quarantine group that the stack adopts: the local account begins with nothing beside the stack. */
export function createAdopted({ Resources }: Template, registry: IotRegistry, log: LocalLog): void {
  const resources = Object.values(Resources);
  const attachment = resources.find(({ Type }) => Type === 'Custom::QuarantineAttachment');
  if (!attachment || resources.some(({ Type }) => Type === 'AWS::IoT::ThingGroup')) return;
  const [, name] = /thinggroup\/([a-zA-Z0-9:_-]+)"/.exec(JSON.stringify(attachment)) ?? [];
  if (name === undefined || registry.state.groups.has(name)) return;
  registry.groups.create(name);
  log.warn('the adopted quarantine group did not exist, and was created', { name });
}
