import type { Configuration } from '../../shared/domain/configuration';
import { listActionsOf } from '../../shared/domain/guards/choose-actions';
import type { Right } from '../../shared/mitigation/action';
import { mitigations } from '../../shared/mitigation/registry';
import { allow, arn, type Value } from './cloudformation';

/** All rights of `respond` in AWS IoT. */
export function listIotRights(configuration: Configuration): Right[] {
  return [...listOwnRights(configuration), ...listActionRights(configuration)];
}

/** The same as statements, one for each list of resources. */
export function writeIotRights(configuration: Configuration): Value[] {
  const byResources = new Map<string, Set<string>>();
  for (const { actions, resources } of listIotRights(configuration)) {
    const key = JSON.stringify(resources);
    byResources.set(key, new Set([...(byResources.get(key) ?? []), ...actions]));
  }
  return [...byResources].map(([resources, actions]) =>
    allow(
      [...actions],
      (JSON.parse(resources) as string[]).map((resource) => (resource === '*' ? '*' : arn('iot', resource))),
    ),
  );
}

/** Rights to look up a thing and to notify its device, for any action. */
function listOwnRights({ detector }: Configuration): Right[] {
  return [
    {
      actions: ['iot:DescribeThing', 'iot:ListThingGroupsForThing', 'iot:ListThingPrincipals'],
      resources: ['thing/*'],
    },
    { actions: ['iot:ListPrincipalThings', 'iot:DescribeCertificate'], resources: ['cert/*'] },
    { actions: ['iot:GetPolicy'], resources: ['policy/*'] },
    // IAM has no resource type for these.
    {
      actions: [
        'iot:ListAttachedPolicies',
        'iot:DescribeEndpoint',
        ...(detector === 'cordon' ? [] : ['iot:PutVerificationStateOnViolation']),
      ],
      resources: ['*'],
    },
    { actions: ['iot:Publish', 'iot:RetainPublish'], resources: ['topic/cordon/things/*/containment'] },
  ];
}

function listActionRights(configuration: Configuration): Right[] {
  const named = new Set<string>(configuration.playbooks.flatMap(listActionsOf));
  return Object.entries(mitigations).flatMap(([action, { rights }]) => {
    const { always = [], whenNamed = [] } = rights(configuration);
    return [...always, ...(named.has(action) ? whenNamed : [])];
  });
}
