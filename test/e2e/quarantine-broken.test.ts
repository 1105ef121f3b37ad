import {
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteThingGroupCommand,
  DetachPolicyCommand,
  ListAttachedPoliciesCommand,
  ListPolicyVersionsCommand,
  ListTargetsForPolicyCommand,
  ListThingGroupsForThingCommand,
} from '@aws-sdk/client-iot';
import { anAlert } from './alerts';
import { type EndToEnd, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';

let e2e: EndToEnd;

beforeAll(async () => {
  e2e = await startEndToEnd();
}, 180_000);

afterAll(() => e2e.close());

describe('a contained device', () => {
  it.each([
    ['the policy is detached by hand', 'detached', async () => detachPolicy()],
    ['the group is deleted by hand', 'group', async () => deleteGroup()],
    ['all versions of the policy get another text', 'lost', async () => loseText()],
    ['policy and group are deleted by hand', 'both', async () => deletePolicy().then(deleteGroup)],
    ['the policy is detached and gets another text', 'twice', async () => detachPolicy().then(replaceText)],
  ])('is denied again by the sweep if %s, and so is the next device', async (_what, kind, takeAway) => {
    const held = `swept-${kind}`;
    const device = await e2e.enroll(held);
    await e2e.publishAlert(anAlert(held));
    await e2e.waitForCase(held, 'contained');
    await takeAway();

    const sweep = () => e2e.stack.functions.invoke('cordon-dev-sweep', {});
    expect(await sweep()).toMatchObject({ status: 'succeeded' });
    await waitUntil(
      () => `${held} in the group, which has its policy`,
      async () => {
        await e2e.waitForQuiet();
        const record = await e2e.loadCase(held);
        if (record?.status === 'contained' && (await isMember(held))) return true;
        await e2e.makeDue(held);
        await sweep();
        return false;
      },
    );
    await e2e.enroll(`${held}-next`);
    await e2e.publishAlert(anAlert(`${held}-next`));
    await e2e.waitForCase(`${held}-next`, 'contained');
    expect(await publishOrCut(await e2e.connect(device), `app/${held}/telemetry`, '1')).toBe('cut');
  });

  const thingGroupName = 'cordon-quarantine';
  const target = `arn:aws:iot:us-east-1:000000000000:thinggroup/${thingGroupName}`;

  const policyName = 'cordon-dev-quarantine';
  const detachPolicy = () => e2e.iot.send(new DetachPolicyCommand({ policyName, target }));
  const replaceText = () =>
    e2e.iot.send(
      new CreatePolicyVersionCommand({
        policyName,
        policyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Deny', Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:0:client/x' },
          ],
        }),
        setAsDefault: true,
      }),
    );

  /** Five versions, as many as there can be, and none with the right text. */
  async function loseText(): Promise<void> {
    await replaceText();
    await deleteVersions();
    for (let more = 1; more < 5; more += 1) await replaceText();
  }

  async function deletePolicy(): Promise<void> {
    const { targets = [] } = await e2e.iot.send(new ListTargetsForPolicyCommand({ policyName }));
    for (const each of targets) await e2e.iot.send(new DetachPolicyCommand({ policyName, target: each }));
    await deleteVersions();
    await e2e.iot.send(new DeletePolicyCommand({ policyName }));
  }

  async function deleteVersions(): Promise<void> {
    const { policyVersions = [] } = await e2e.iot.send(new ListPolicyVersionsCommand({ policyName }));
    for (const { versionId, isDefaultVersion } of policyVersions)
      if (!isDefaultVersion)
        await e2e.iot.send(new DeletePolicyVersionCommand({ policyName, policyVersionId: versionId }));
  }

  const deleteGroup = () => e2e.iot.send(new DeleteThingGroupCommand({ thingGroupName }));

  async function isMember(thingName: string): Promise<boolean> {
    const { thingGroups = [] } = await e2e.iot.send(new ListThingGroupsForThingCommand({ thingName }));
    const { policies = [] } = await e2e.iot.send(new ListAttachedPoliciesCommand({ target }));
    return (
      thingGroups.some(({ groupName }) => groupName === thingGroupName) &&
      policies.some((policy) => policy.policyName === policyName)
    );
  }
});
