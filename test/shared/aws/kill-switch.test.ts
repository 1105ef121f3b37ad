import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { connectKillSwitch } from '../../../shared/aws/kill-switch';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const ssm = mockClient(SSMClient);
const name = '/cordon-dev/kill-switch';
const killSwitch = connectKillSwitch(name, new SSMClient({ region: 'us-east-1' }));

beforeEach(() => ssm.reset());

describe('the kill switch of a stage', () => {
  it('has the value of the parameter, and its time from AWS if the value has none', async () => {
    const LastModifiedDate = new Date('2026-11-27T02:11:00Z');
    ssm.on(GetParameterCommand, { Name: name }).resolves({ Parameter: { Value: 'on', LastModifiedDate } });

    expect(await killSwitch.read()).toEqual({ state: 'on', at: '2026-11-27T02:11:00.000Z' });
  });

  it('is off if there is no parameter', async () => {
    ssm.on(GetParameterCommand).rejects(awsError('ParameterNotFound'));

    expect(await killSwitch.read()).toEqual({ state: 'off' });
  });

  it.each(['ThrottlingException', 'AccessDeniedException', 'InternalServerError', 'TimeoutError'])(
    'is unknown after %s, with the reason',
    async (fault) => {
      ssm.on(GetParameterCommand).rejects(awsError(fault, 'x'.repeat(5_000)));

      const { state, reason } = await killSwitch.read();
      expect([state, reason?.startsWith(`${fault}: xxx`), reason?.length]).toEqual(['unknown', true, 300]);
    },
  );

  it.each([undefined, ''])('is unknown with the value %j', async (Value) => {
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value } });

    expect((await killSwitch.read()).state).toBe('unknown');
  });

  it('is read once in five seconds, and a failed read never uses the earlier value', async () => {
    ssm
      .on(GetParameterCommand)
      .resolvesOnce({ Parameter: { Value: 'off' } })
      .rejectsOnce(awsError('ThrottlingException'))
      .resolves({ Parameter: { Value: 'on' } });
    let time = 0;
    const read = killSwitch.hold(() => time);

    const seen: string[] = [];
    for (const at of [0, 4_999, 5_000, 9_999, 10_000]) {
      time = at;
      seen.push((await read()).state);
    }

    expect(seen).toEqual(['off', 'off', 'unknown', 'unknown', 'on']);
    expect(ssm.commandCalls(GetParameterCommand)).toHaveLength(3);
  });

  it('is stored as plain text over the earlier value', async () => {
    ssm.on(PutParameterCommand).resolves({});

    await killSwitch.write({ state: 'on', by: 'ada', at: '2026-11-27T02:11:00Z' });

    expect(ssm.commandCalls(PutParameterCommand)[0]?.args[0].input).toEqual({
      Name: name,
      Type: 'String',
      Overwrite: true,
      Value: '{"state":"on","by":"ada","at":"2026-11-27T02:11:00Z"}',
    });
  });

  it('replaces a SecureString, which Parameter Store does not turn into plain text', async () => {
    ssm.on(PutParameterCommand, { Type: 'String' }).rejects(awsError('HierarchyTypeMismatchException'));
    ssm.on(PutParameterCommand, { Type: undefined }).resolves({});

    await killSwitch.write({ state: 'on' });

    expect(ssm.commandCalls(PutParameterCommand)[1]?.args[0].input).toEqual({
      Name: name,
      Overwrite: true,
      Value: '{"state":"on"}',
    });
  });

  it.each(['AccessDeniedException', 'TooManyUpdates'])(
    'reports that it is not stored if Parameter Store answers %s',
    async (fault) => {
      ssm.on(PutParameterCommand).rejects(awsError(fault));

      await expect(killSwitch.write({ state: 'on' })).rejects.toMatchObject({ name: fault });
    },
  );
});
