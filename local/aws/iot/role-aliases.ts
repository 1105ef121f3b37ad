import { alreadyExists, invalid, notFound } from './errors';
import { requireName } from './names';
import type { IotState, RoleAlias } from './state';

/** Credentials last from 15 minutes to 12 hours, by default an hour (API reference). */
const MIN_DURATION = 900;
const MAX_DURATION = 43_200;
const DEFAULT_DURATION = 3600;
const ROLE_ARN = /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/;

export interface RoleAliasStore {
  create(alias: string, roleArn: string, durationSeconds?: number): RoleAlias;
}

export function findRoleAlias(state: IotState, alias: string): RoleAlias {
  const found = state.roleAliases.get(alias);
  if (!found) throw notFound(`Role alias ${alias} cannot be found.`);
  return found;
}

export function createRoleAliasStore(state: IotState): RoleAliasStore {
  return {
    create(alias, roleArn, credentialDurationSeconds = DEFAULT_DURATION) {
      requireName('roleAlias', alias);
      if (!ROLE_ARN.test(roleArn)) throw invalid(`Invalid role ARN: ${roleArn}`);
      if (credentialDurationSeconds < MIN_DURATION || credentialDurationSeconds > MAX_DURATION)
        throw invalid(`credentialDurationSeconds must be from ${MIN_DURATION} to ${MAX_DURATION}.`);
      const arn = state.arns.build('rolealias', alias);
      if (state.roleAliases.has(alias)) {
        throw alreadyExists(`Role alias ${alias} already exists.`, alias, arn);
      }
      const created = { alias, arn, roleArn, credentialDurationSeconds, createdAt: state.now() };
      state.roleAliases.set(alias, created);
      state.changed();
      return created;
    },
  };
}
