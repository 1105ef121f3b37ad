import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { connectSecrets } from '../../../shared/aws/secrets';
import { awsError } from '../../aws-error';

const ssm = mockClient(SSMClient);
const secrets = connectSecrets(new SSMClient({ region: 'us-east-1' }));

beforeEach(() => ssm.reset());

describe('secrets', () => {
  it('are read decrypted', async () => {
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: 'xoxb-1' } });

    expect(await secrets.read('/cordon-dev/slack')).toBe('xoxb-1');
    expect(ssm.commandCalls(GetParameterCommand)[0]?.args[0].input).toEqual({
      Name: '/cordon-dev/slack',
      WithDecryption: true,
    });
  });

  it('are undefined where none is stored, and fail where they may not be read', async () => {
    ssm.on(GetParameterCommand).rejectsOnce(awsError('ParameterNotFound')).rejects(awsError('AccessDenied'));

    expect(await secrets.read('/cordon-dev/slack')).toBeUndefined();
    await expect(secrets.read('/cordon-dev/slack')).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
