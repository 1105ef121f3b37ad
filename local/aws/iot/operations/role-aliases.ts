import * as z from 'zod/mini';
import type { IotRegistry } from '../registry';
import { findRoleAlias } from '../role-aliases';
import { type IotCall, type IotRoute, readBody, readParam, routesAt, toSeconds } from './route';

const CreateRoleAlias = z.object({
  roleArn: z.string(),
  credentialDurationSeconds: z.exactOptional(z.number()),
});

/** Role aliases, by which a certificate gets credentials of a role. */
export function roleAliasRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, roleAliases } = registry;
  const readAlias = (call: IotCall) => readParam(call, 'roleAlias');
  const route = routesAt('/role-aliases/{roleAlias}', (call) => [
    state.arns.build('rolealias', readAlias(call)),
  ]);
  return [
    route('CreateRoleAlias', 'POST', (call) => {
      const { roleArn, credentialDurationSeconds } = readBody(CreateRoleAlias, call);
      const { alias, arn } = roleAliases.create(readAlias(call), roleArn, credentialDurationSeconds);
      return { roleAlias: alias, roleAliasArn: arn };
    }),
    route('DescribeRoleAlias', 'GET', (call) => {
      const { alias, arn, roleArn, credentialDurationSeconds, createdAt } = findRoleAlias(
        state,
        readAlias(call),
      );
      const owner = state.identity.accountId;
      const creationDate = toSeconds(createdAt);
      const more = {
        roleArn,
        owner,
        credentialDurationSeconds,
        creationDate,
        lastModifiedDate: creationDate,
      };
      return { roleAliasDescription: { roleAlias: alias, roleAliasArn: arn, ...more } };
    }),
  ];
}
