import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import type { MitigationAction } from '../defender-state';
import { alreadyExists, invalid, notFound } from '../errors';
import { requireName } from '../names';
import type { IotRegistry } from '../registry';
import { saveTags } from '../tags';
import { type IotCall, type IotRoute, readBody, readParam, routesAt, Tags, toSeconds } from './route';

const TYPE_BY_PARAMS: ReadonlyMap<string, string> = new Map([
  ['updateDeviceCertificateParams', 'UPDATE_DEVICE_CERTIFICATE'],
  ['updateCACertificateParams', 'UPDATE_CA_CERTIFICATE'],
  ['addThingsToThingGroupParams', 'ADD_THINGS_TO_THING_GROUP'],
  ['replaceDefaultPolicyVersionParams', 'REPLACE_DEFAULT_POLICY_VERSION'],
  ['enableIoTLoggingParams', 'ENABLE_IOT_LOGGING'],
  ['publishFindingToSnsParams', 'PUBLISH_FINDING_TO_SNS'],
]);

const Params = z.record(z.string(), z.record(z.string(), z.unknown()));
const Update = z.object({ roleArn: z.exactOptional(z.string()), actionParams: z.exactOptional(Params) });
const Create = z.object({ roleArn: z.string(), actionParams: Params, tags: z.exactOptional(Tags) });

/** Exactly one kind of parameters makes the type of the action. */
function readType(actionParams: Readonly<Record<string, unknown>>): string {
  const [key = '', ...others] = Object.keys(actionParams);
  const type = TYPE_BY_PARAMS.get(key);
  if (!type || others.length > 0) throw invalid('actionParams must hold exactly one kind of parameters.');
  return type;
}

function findAction(registry: IotRegistry, actionName: string): MitigationAction {
  const action = registry.state.mitigationActions.get(actionName);
  if (!action) throw notFound(`Mitigation action ${actionName} cannot be found.`);
  return action;
}

function saveAction(registry: IotRegistry, action: MitigationAction) {
  readType(action.actionParams);
  registry.state.mitigationActions.set(action.actionName, action);
  registry.state.changed();
  return { actionArn: action.actionArn, actionId: action.actionId };
}

function createAction(registry: IotRegistry, actionName: string, call: IotCall) {
  requireName('actionName', actionName);
  const { roleArn, actionParams, tags } = readBody(Create, call);
  const actionArn = registry.state.arns.build('mitigationaction', actionName);
  if (registry.state.mitigationActions.has(actionName)) {
    throw alreadyExists(`Mitigation action ${actionName} already exists.`, actionName, actionArn);
  }
  const now = registry.state.now();
  const times = { createdAt: now, modifiedAt: now };
  const action = { actionName, actionArn, actionId: randomUUID(), roleArn, actionParams, ...times };
  const result = saveAction(registry, action);
  saveTags(registry.state, actionArn, tags);
  return result;
}

function updateAction(registry: IotRegistry, actionName: string, call: IotCall) {
  const action = { ...findAction(registry, actionName), ...readBody(Update, call) };
  return saveAction(registry, { ...action, modifiedAt: registry.state.now() });
}

function describeAction({ createdAt, modifiedAt, ...action }: MitigationAction) {
  return {
    ...action,
    actionType: readType(action.actionParams),
    creationDate: toSeconds(createdAt),
    lastModifiedDate: toSeconds(modifiedAt),
  };
}

/** Mitigation actions are kept; tasks of Detect run them, Audit is not emulated. */
export function mitigationActionRoutes(registry: IotRegistry): readonly IotRoute[] {
  const readName = (call: IotCall) => readParam(call, 'actionName');
  const route = routesAt('/mitigationactions/actions/{actionName}', (call) => [
    registry.state.arns.build('mitigationaction', readName(call)),
  ]);
  return [
    route('CreateMitigationAction', 'POST', (call) => createAction(registry, readName(call), call)),
    route('UpdateMitigationAction', 'PATCH', (call) => updateAction(registry, readName(call), call)),
    route('DescribeMitigationAction', 'GET', (call) => describeAction(findAction(registry, readName(call)))),
  ];
}
