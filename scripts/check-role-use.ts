// Proves least privilege: in all tests that ran the stack, each right of each role was used, and none was missing. node
// --import ./scripts/native-typescript.mjs scripts/check-role-use.ts FOLDER, after the tests ran with
// CORDON_ROLE_USE=FOLDER
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoleUseLine } from '../local/aws/gateway/role-use';
import { type Exceptions, judgeRoleUse } from './role-use';

const [folder] = process.argv.slice(2);
if (!folder)
  throw new Error('usage: node --import ./scripts/native-typescript.mjs scripts/check-role-use.ts FOLDER');
const lines = readdirSync(folder).flatMap((name) =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): RoleUseLine => JSON.parse(line)),
);
const rolesOf = (granted: string) => [
  ...new Set(
    lines.flatMap(({ what, action, role }) => (what === 'granted' && action === granted ? role : [])),
  ),
];
/** The roles of the functions. Each channel that cordon.yml names has one more. */
const functionRoles = rolesOf('logs:PutLogEvents');

const exceptions: Exceptions = {
  unused: [
    {
      roles: functionRoles,
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      reason: 'Lambda itself writes the log, under the role of the function; the local stack writes files',
    },
    {
      roles: rolesOf('kms:Decrypt'),
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      reason:
        'SNS, SQS and DynamoDB use a key of your own in the name of the caller; the local stack encrypts nothing',
    },
    {
      roles: ['OperateRole'],
      actions: ['dynamodb:Query'],
      reason: 'the index of earlier releases, which is read only while a table of theirs is upgraded',
    },
    {
      roles: ['DefenderRole'],
      actions: ['sns:Publish'],
      reason:
        'Device Defender itself sends its alerts under it; the local stack evaluates no security profile',
    },
    {
      roles: ['AuditRole'],
      actions: ['sns:Publish'],
      reason: 'Device Defender itself says under it that an audit is over; the local stack audits nothing',
    },
    {
      roles: ['DefenderActionRole'],
      actions: ['iot:AddThingToThingGroup', 'iot:ListPrincipalThings'],
      reason: 'Device Defender itself quarantines under it; the local task acts without a role',
    },
  ],
  refused: [
    {
      roles: ['RespondRole'],
      actions: ['iot:DeleteThing'],
      reason: 'test/e2e/recovery.test.ts asks for it under the keys of respond, to see it refused',
    },
  ],
};

const problems = judgeRoleUse(lines, exceptions);
if (lines.length === 0) problems.push('no test ran the stack');
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
