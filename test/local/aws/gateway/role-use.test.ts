import { findRefusal } from '../../../../local/aws/gateway/authorize';
import { createRoleUse, type RoleUseLine } from '../../../../local/aws/gateway/role-use';
import type { PolicyDocument } from '../../../../local/types';

const identity = { accountId: '000000000000', region: 'eu-west-1', partition: 'aws' } as const;
const thing = (name: string) => `arn:aws:iot:eu-west-1:000000000000:thing/${name}`;

/** What is written of a role when it makes these calls. */
function tellUse(documents: readonly PolicyDocument[], calls: readonly (readonly [string, string])[]) {
  const lines: RoleUseLine[] = [];
  const watch = createRoleUse((line) => lines.push(line)).watch('RespondRole', documents);
  const caller = { accessKeyId: 'ASIA', arn: 'arn:aws:sts::000000000000:role/x', functionName: 'respond' };
  for (const [action, resource] of calls)
    findRefusal(identity, { caller, documents, watch }, { action, resources: [resource] });
  return lines.map(({ what, role, action, resource }) => [what, role, action, resource]);
}

describe('the use of a role', () => {
  it('is reported for each action on each resource pattern, once', () => {
    const Statement = {
      Effect: 'Allow' as const,
      Action: ['iot:DescribeThing', 'iot:ListThingPrincipals'],
      Resource: [thing('a*'), thing('b*')],
    };

    const told = tellUse(
      [{ Statement }],
      [
        ['iot:DescribeThing', thing('a1')],
        ['iot:DescribeThing', thing('a2')],
      ],
    );

    expect(told).toEqual([
      ['granted', 'RespondRole', 'iot:DescribeThing', thing('a*')],
      ['granted', 'RespondRole', 'iot:DescribeThing', thing('b*')],
      ['granted', 'RespondRole', 'iot:ListThingPrincipals', thing('a*')],
      ['granted', 'RespondRole', 'iot:ListThingPrincipals', thing('b*')],
      ['used', 'RespondRole', 'iot:DescribeThing', thing('a*')],
    ]);
  });

  it('includes refusals, with what was requested', () => {
    expect(tellUse([], [['iot:DeleteThing', thing('a1')]])).toEqual([
      ['refused', 'RespondRole', 'iot:DeleteThing', thing('a1')],
    ]);
  });

  it('counts a conditional right as used only if its condition holds', () => {
    const statement = (region: string) => ({
      Effect: 'Allow' as const,
      Action: 'iot:DescribeThing',
      Resource: thing(`${region}*`),
      Condition: { StringEquals: { 'aws:RequestedRegion': region } },
    });

    const told = tellUse(
      [{ Statement: [statement('eu-west-1'), statement('us-east-1')] }],
      [
        ['iot:DescribeThing', thing('eu-west-1-a')],
        ['iot:DescribeThing', thing('us-east-1-a')],
      ],
    );

    expect(told.slice(2)).toEqual([
      ['used', 'RespondRole', 'iot:DescribeThing', thing('eu-west-1*')],
      ['refused', 'RespondRole', 'iot:DescribeThing', thing('us-east-1-a')],
    ]);
  });
});
