import type { RoleUseLine } from '../../local/aws/gateway/role-use';
import { judgeRoleUse } from '../../scripts/role-use';

const none = { unused: [], refused: [] };

function aLine(what: RoleUseLine['what'], more: Partial<RoleUseLine> = {}): RoleUseLine {
  return { what, role: 'SweepRole', action: 'iot:ListThings', resource: '*', ...more };
}

describe('the judgement on roles', () => {
  it('finds no fault if each right was used, in whatever stack', () => {
    expect(judgeRoleUse([aLine('granted'), aLine('granted'), aLine('used')], none)).toEqual([]);
  });

  it('names a right that nothing used, even if another role used the same', () => {
    const lines = [aLine('granted'), aLine('granted', { role: 'DetectRole' }), aLine('used')];

    expect(judgeRoleUse(lines, none)).toEqual([
      'DetectRole iot:ListThings on *: granted, but nothing used it',
    ]);
  });

  it('names a call that was refused', () => {
    expect(judgeRoleUse([aLine('refused')], none)).toEqual([
      'SweepRole iot:ListThings on *: used, but not granted',
    ]);
  });

  it('accepts an exception for what it names, and reports one that is not needed', () => {
    const exception = {
      roles: ['SweepRole'],
      actions: ['iot:ListThings', 'iot:DeleteThing'],
      reason: 'for the test',
    };

    expect(judgeRoleUse([aLine('granted')], { unused: [exception], refused: [] })).toEqual([
      'SweepRole iot:DeleteThing: excepted, but it is used or not granted',
    ]);
    expect(
      judgeRoleUse([aLine('granted'), aLine('used'), aLine('refused', { action: 'iot:DeleteThing' })], {
        unused: [],
        refused: [exception],
      }),
    ).toEqual(['SweepRole iot:ListThings: excepted, but it was not refused']);
  });
});
