import { CreateRoleAliasCommand, DescribeRoleAliasCommand } from '@aws-sdk/client-iot';
import { errorOf } from './builders';
import { send, server, useControlPlane } from './plane';

const roleArn = 'arn:aws:iam::123456789012:role/device';

useControlPlane();

describe('role aliases', () => {
  it('can be created and described', async () => {
    await send(new CreateRoleAliasCommand({ roleAlias: 'uploads', roleArn, credentialDurationSeconds: 900 }));
    const { roleAliasDescription } = await send(new DescribeRoleAliasCommand({ roleAlias: 'uploads' }));

    expect(roleAliasDescription).toMatchObject({
      roleAlias: 'uploads',
      roleArn,
      credentialDurationSeconds: 900,
    });
    expect(await errorOf(send(new DescribeRoleAliasCommand({ roleAlias: 'other' })))).toBe(
      '404 ResourceNotFoundException',
    );
    expect(server.asked[0]).toBe(
      'iot:CreateRoleAlias on arn:aws:iot:eu-west-1:123456789012:rolealias/uploads',
    );
  });

  it('are refused a second time, and with a duration or a role that AWS would not accept', async () => {
    const create = (more: { roleAlias?: string; roleArn?: string; credentialDurationSeconds?: number }) =>
      errorOf(send(new CreateRoleAliasCommand({ roleAlias: 'uploads', roleArn, ...more })));

    expect(await create({})).toBe('no error');
    expect(await create({})).toBe('409 ResourceAlreadyExistsException');
    expect(await create({ roleAlias: 'b', credentialDurationSeconds: 60 })).toBe(
      '400 InvalidRequestException',
    );
    expect(await create({ roleAlias: 'c', roleArn: 'arn:aws:s3:::b' })).toBe('400 InvalidRequestException');
    expect(await create({ roleAlias: 'd e' })).toBe('400 InvalidRequestException');
  });
});
