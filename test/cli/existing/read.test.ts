import {
  DescribeSecurityProfileCommand,
  IoTClient,
  ListSecurityProfilesCommand,
  ListTargetsForSecurityProfileCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot';
import { connectExisting } from '../../../cli/existing/read';
import { mockClient } from '../../mock-client';

describe('the reader of an account', () => {
  const iot = mockClient(IoTClient);

  it('reads every page, and leaves out a profile that somebody deletes meanwhile', async () => {
    iot.reset();
    iot
      .on(ListSecurityProfilesCommand)
      .resolvesOnce({ securityProfileIdentifiers: [{ name: 'b', arn: 'b' }], nextToken: '2' })
      .resolvesOnce({
        securityProfileIdentifiers: [
          { name: 'a', arn: 'a' },
          { name: 'gone', arn: 'c' },
        ],
      });
    iot.on(DescribeSecurityProfileCommand).resolves({ securityProfileArn: 'arn' });
    iot
      .on(DescribeSecurityProfileCommand, { securityProfileName: 'gone' })
      .rejects(new ResourceNotFoundException({ message: '', $metadata: {} }));
    iot
      .on(ListTargetsForSecurityProfileCommand)
      .resolves({ securityProfileTargets: [{ arn: 'arn:aws:iot:r:1:all/things' }] })
      .on(ListTargetsForSecurityProfileCommand, { securityProfileName: 'a', nextToken: undefined })
      .resolves({
        securityProfileTargets: [{ arn: 'arn:aws:iot:r:1:thinggroup/x:y' }],
        nextToken: 'next',
      });

    const profiles = await connectExisting(new IoTClient({})).listProfiles();

    expect(profiles.map(({ name, targets }) => [name, targets])).toEqual([
      ['a', ['thinggroup/x:y', 'all/things']],
      ['b', ['all/things']],
    ]);
  });
});
