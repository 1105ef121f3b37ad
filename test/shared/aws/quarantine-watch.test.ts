import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateThingGroupCommand,
  DeletePolicyVersionCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListPolicyVersionsCommand,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iot';
import { watchQuarantine } from '../../../shared/aws/quarantine-watch';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const iot = mockClient(IoTClient);
const groupArn = 'arn:aws:iot:us-east-1:000000000000:thinggroup/cordon-quarantine';
const policyName = 'deny';
const document = '{"Version":"2012-10-17","Statement":[]}';
/** The same policy document, in a form that AWS may return. */
const sameDocument = '{ "Statement": [], "Version": "2012-10-17" }';
const watch = watchQuarantine({ policyName, document, groupArn }, new IoTClient({ region: 'us-east-1' }));

beforeEach(() => {
  iot.reset();
  iot.on(GetPolicyCommand).resolves({ policyDocument: sameDocument });
  iot.on(ListAttachedPoliciesCommand).resolves({ policies: [{ policyName: 'other' }, { policyName }] });
  iot.on(AttachPolicyCommand).resolves({});
  iot.on(CreatePolicyCommand).resolves({}).on(CreateThingGroupCommand).resolves({});
});

const sent = () => iot.calls().map(({ args }) => [args[0].constructor.name, args[0].input]);

/** The policy has these texts as versions 1, 2 and so on, the last of them as default. */
function withVersions(documents: readonly string[]): void {
  const policyVersions = documents.map((_, index) => ({
    versionId: String(index + 1),
    isDefaultVersion: index === documents.length - 1,
  }));
  iot.on(ListPolicyVersionsCommand).resolves({ policyVersions });
  for (const [index, policyDocument] of documents.entries())
    iot
      .on(GetPolicyVersionCommand, { policyName, policyVersionId: String(index + 1) })
      .resolves({ policyDocument });
  iot.on(SetDefaultPolicyVersionCommand).resolves({}).on(DeletePolicyVersionCommand).resolves({});
  iot.on(CreatePolicyVersionCommand).resolves({ policyVersionId: '9' });
}

describe('the watch over an adopted group', () => {
  it('never creates the group, and restores its own policy on it', async () => {
    const adopted = watchQuarantine(
      { policyName, document, groupArn, isAdopted: true },
      new IoTClient({ region: 'us-east-1' }),
    );

    await expect(adopted.repair('thing group')).rejects.toThrow(
      `the adopted thing group is gone: create ${groupArn} again`,
    );
    await adopted.repair('policy on the group');
    expect(sent()).toEqual([['AttachPolicyCommand', { policyName, target: groupArn }]]);
  });
});

describe('the watch over an adopted policy', () => {
  const wanted = { Effect: 'Deny', Action: ['iot:*'], NotResource: ['arn:kept'] };
  const adopted = watchQuarantine(
    {
      policyName,
      document: JSON.stringify({ Statement: [wanted] }),
      groupArn,
      isAdopted: true,
      isPolicyAdopted: true,
    },
    new IoTClient({ region: 'us-east-1' }),
  );
  const say = (statement: object) =>
    iot.on(GetPolicyCommand).resolves({ policyDocument: JSON.stringify({ Statement: statement }) });

  it('accepts every text that denies at least as much', async () => {
    say([{ Effect: 'Deny', Action: '*', Resource: '*' }]);

    expect(await adopted.findMissing()).toEqual([]);
  });

  it('reports that the text denies less, or that the policy is gone, and changes neither', async () => {
    say({ ...wanted, Action: 'iot:Connect' });
    expect(await adopted.findMissing()).toEqual(['text of the policy']);

    await expect(adopted.repair('text of the policy')).rejects.toThrow(
      'the adopted policy deny no longer denies all that a containment denies',
    );
    await expect(adopted.repair('policy')).rejects.toThrow('the adopted policy is gone: create deny again');
    expect(sent().map(([name]) => name)).toEqual(['GetPolicyCommand', 'ListAttachedPoliciesCommand']);
  });
});

describe('the watch over the quarantine', () => {
  it('finds nothing missing if the policy has its text and is on the group', async () => {
    expect(await watch.findMissing()).toEqual([]);
    expect(sent()).toEqual([
      ['GetPolicyCommand', { policyName }],
      ['ListAttachedPoliciesCommand', { target: groupArn }],
    ]);
  });

  it.each([[{ policies: [{ policyName: 'other' }] }], [{}]])(
    'finds that the policy is missing on the group in %j',
    async (answer) => {
      iot.on(ListAttachedPoliciesCommand).resolves(answer);

      expect(await watch.findMissing()).toEqual(['policy on the group']);
    },
  );

  it.each([
    [GetPolicyCommand, 'policy'],
    [ListAttachedPoliciesCommand, 'thing group'],
  ] as const)(
    'finds what is missing if AWS does not know it (%p), and fails on any other fault',
    async (command, missing) => {
      iot.on(command as typeof GetPolicyCommand).rejects(awsError('ResourceNotFoundException'));
      expect(await watch.findMissing()).toEqual([missing]);

      iot.on(command as typeof GetPolicyCommand).rejects(awsError('ThrottlingException'));
      await expect(watch.findMissing()).rejects.toMatchObject({ name: 'ThrottlingException' });
    },
  );

  it('finds a changed text', async () => {
    iot.on(GetPolicyCommand).resolves({ policyDocument: '{"Version":"2012-10-17","Statement":[{}]}' });

    expect(await watch.findMissing()).toEqual(['text of the policy']);
  });

  it('finds everything that is missing at once, and checks the attachment only if the policy exists', async () => {
    iot.on(GetPolicyCommand).resolves({ policyDocument: '{}' });
    iot.on(ListAttachedPoliciesCommand).resolves({ policies: [] });
    expect(await watch.findMissing()).toEqual(['text of the policy', 'policy on the group']);

    iot.on(GetPolicyCommand).rejects(awsError('ResourceNotFoundException'));
    expect(await watch.findMissing()).toEqual(['policy']);
    iot.on(ListAttachedPoliciesCommand).rejects(awsError('ResourceNotFoundException'));
    expect(await watch.findMissing()).toEqual(['policy', 'thing group']);
  });

  it.each([
    ['policy on the group', []],
    ['thing group', ['CreateThingGroupCommand']],
    ['policy', ['CreatePolicyCommand']],
  ] as const)('restores a missing %s and attaches the policy', async (missing, before) => {
    await watch.repair(missing);

    expect(sent().map(([name]) => name)).toEqual([...before, 'AttachPolicyCommand']);
    expect(sent().at(-1)).toEqual(['AttachPolicyCommand', { policyName, target: groupArn }]);
  });

  it.each([
    [CreateThingGroupCommand, 'thing group'],
    [CreatePolicyCommand, 'policy'],
  ] as const)('accepts an object that somebody created in the meantime (%p)', async (command, missing) => {
    iot.on(command as typeof CreatePolicyCommand).rejects(awsError('ResourceAlreadyExistsException'));

    await watch.repair(missing);

    expect(sent().at(-1)?.[0]).toBe('AttachPolicyCommand');
  });

  it('leaves a group that is deleted as well to the next check', async () => {
    iot.on(AttachPolicyCommand).rejects(awsError('ResourceNotFoundException'));

    await expect(watch.repair('policy')).resolves.toBeUndefined();
    await expect(watch.repair('policy on the group')).rejects.toThrow();
  });

  it('makes the version with the right text the default again', async () => {
    withVersions(['old', sameDocument, 'changed']);

    await watch.repair('text of the policy');

    expect(sent().at(-1)).toEqual(['SetDefaultPolicyVersionCommand', { policyName, policyVersionId: '2' }]);
  });

  it('creates a version if none has the right text', async () => {
    withVersions(['old', 'changed']);

    await watch.repair('text of the policy');

    expect(sent().slice(-1)).toEqual([
      ['CreatePolicyVersionCommand', { policyName, policyDocument: document, setAsDefault: true }],
    ]);
  });

  it('deletes the oldest version if the policy has five', async () => {
    withVersions(['one', 'two', 'three', 'four', 'changed']);

    await watch.repair('text of the policy');

    expect(
      sent()
        .slice(-2)
        .map(([name, input]) => [name, (input as { policyVersionId?: string }).policyVersionId]),
    ).toEqual([
      ['DeletePolicyVersionCommand', '1'],
      ['CreatePolicyVersionCommand', undefined],
    ]);
  });
});
