import {
  AttachPolicyCommand,
  DeletePolicyCommand,
  DetachPolicyCommand,
  IoTClient,
  ListThingsInThingGroupCommand,
} from '@aws-sdk/client-iot';
import { connectQuarantineGroup } from '../../../shared/aws/quarantine-group';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const iot = mockClient(IoTClient);
const group = connectQuarantineGroup(new IoTClient({ region: 'us-east-1' }));
const arn = 'arn:aws:iot:us-east-1:000000000000:thinggroup/cordon-quarantine';

beforeEach(() => iot.reset());

const inputs = () => iot.calls().map(({ args }) => args[0].input);

describe('the quarantine group', () => {
  it('attaches and detaches the policy', async () => {
    iot.on(AttachPolicyCommand).resolves({}).on(DetachPolicyCommand).resolves({});

    await group.attach('deny', arn);
    await group.detach('deny', arn);

    expect(inputs()).toEqual([
      { policyName: 'deny', target: arn },
      { policyName: 'deny', target: arn },
    ]);
  });

  it('counts the policy as detached if the group or the policy is gone', async () => {
    iot.on(DetachPolicyCommand).rejectsOnce(awsError('ResourceNotFoundException'));
    await group.detach('deny', arn);

    iot.on(DetachPolicyCommand).rejects(awsError('ThrottlingException'));
    await expect(group.detach('deny', arn)).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('says whether the policy is gone, and fails if that is unknown', async () => {
    iot
      .on(DeletePolicyCommand)
      .resolvesOnce({})
      .rejectsOnce(awsError('ResourceNotFoundException'))
      .rejectsOnce(awsError('DeleteConflictException'))
      .rejects(awsError('ThrottlingException'));

    expect(await group.deletePolicy('deny')).toBe(true);
    expect(await group.deletePolicy('deny')).toBe(true);
    expect(await group.deletePolicy('deny')).toBe(false);
    await expect(group.deletePolicy('deny')).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('names one of its members', async () => {
    iot.on(ListThingsInThingGroupCommand).resolves({ things: ['mything1'] });

    expect(await group.findMember(arn)).toBe('mything1');
    expect(inputs()).toEqual([{ thingGroupName: 'cordon-quarantine', maxResults: 1 }]);
  });

  it('has no member if it is empty or gone, and fails if that is unknown', async () => {
    iot
      .on(ListThingsInThingGroupCommand)
      .resolvesOnce({ things: [] })
      .rejectsOnce(awsError('ResourceNotFoundException'))
      .rejects(awsError('ThrottlingException'));

    expect(await group.findMember(arn)).toBeUndefined();
    expect(await group.findMember(arn)).toBeUndefined();
    await expect(group.findMember(arn)).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});
