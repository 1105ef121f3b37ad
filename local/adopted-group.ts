import type { Template } from './aws/cloudformation/template';
import type { IotRegistry } from './aws/iot/registry';
import type { LocalLog } from './types';

const denyEverything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
};

/** Creates what the stack adopts, group and deny policy: the local account begins with nothing beside the stack. */
export function createAdopted({ Resources }: Template, registry: IotRegistry, log: LocalLog): void {
  const resources = Object.values(Resources);
  const has = (type: string) => resources.some(({ Type }) => Type === type);
  const attachment = resources.find(({ Type }) => Type === 'Custom::QuarantineAttachment');
  if (!attachment) return;
  const [, name] = /thinggroup\/([a-zA-Z0-9:_-]+)"/.exec(JSON.stringify(attachment)) ?? [];
  if (name !== undefined && !has('AWS::IoT::ThingGroup') && !registry.state.groups.has(name)) {
    registry.groups.create(name);
    log.warn('the adopted quarantine group did not exist, and was created', { name });
  }
  const { PolicyName } = attachment.Properties ?? {};
  if (typeof PolicyName !== 'string' || has('AWS::IoT::Policy') || registry.state.policies.has(PolicyName))
    return;
  registry.policies.create(PolicyName, JSON.stringify(denyEverything));
  log.warn('the adopted deny policy did not exist, and was created: it denies everything', { PolicyName });
}
