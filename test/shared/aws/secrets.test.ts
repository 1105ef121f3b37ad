import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { connectSecrets } from '../../../shared/aws/secrets';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const ssm = mockClient(SSMClient);
const secrets = connectSecrets(new SSMClient({ region: 'us-east-1' }));

beforeEach(() => ssm.reset());

describe('a cached secret', () => {
  const minute = 60_000;

  it('is read once in five minutes, and again after a rotation', async () => {
    ssm
      .on(GetParameterCommand)
      .resolvesOnce({ Parameter: { Value: 'old' } })
      .resolves({ Parameter: { Value: 'new' } });
    let time = 0;
    const read = secrets.hold('/cordon-dev/slack', () => time);

    const seen = [await read()];
    for (const at of [5 * minute - 1, 5 * minute]) {
      time = at;
      seen.push(await read());
    }

    expect(seen).toEqual(['old', 'old', 'new']);
    expect(ssm.commandCalls(GetParameterCommand)).toHaveLength(2);
  });

  it('that is missing is looked up again after ten seconds, not at each request', async () => {
    ssm
      .on(GetParameterCommand)
      .rejectsOnce(awsError('ParameterNotFound'))
      .resolves({ Parameter: { Value: 'stored' } });
    let time = 0;
    const read = secrets.hold('/cordon-dev/slack', () => time);

    const seen = [await read()];
    for (const at of [9_999, 10_000]) {
      time = at;
      seen.push(await read());
    }

    expect(seen).toEqual([undefined, undefined, 'stored']);
  });

  it('is not cached if it could not be read', async () => {
    ssm
      .on(GetParameterCommand)
      .rejectsOnce(awsError('AccessDenied'))
      .resolves({ Parameter: { Value: 'x' } });
    const read = secrets.hold('/cordon-dev/slack', () => 0);

    await expect(read()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await read()).toBe('x');
  });
});

describe('stored secrets', () => {
  it('are read decrypted', async () => {
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: 'xoxb-1' } });

    expect(await secrets.read('/cordon-dev/slack')).toBe('xoxb-1');
    expect(ssm.commandCalls(GetParameterCommand)[0]?.args[0].input).toEqual({
      Name: '/cordon-dev/slack',
      WithDecryption: true,
    });
  });

  it('are undefined if none is stored, and fail if access is denied', async () => {
    ssm.on(GetParameterCommand).rejectsOnce(awsError('ParameterNotFound')).rejects(awsError('AccessDenied'));

    expect(await secrets.read('/cordon-dev/slack')).toBeUndefined();
    await expect(secrets.read('/cordon-dev/slack')).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
