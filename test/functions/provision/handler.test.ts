import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { provision } from '../../../functions/provision/handler';
import { awsError } from '../../aws-error';
import { fakeTelemetry } from '../../fakes';

const groupArn = 'arn:aws:iot:us-east-1:000000000000:thinggroup/cordon-quarantine';

const certificateArn = 'arn:aws:iot:us-east-1:000000000000:cert/0123abcd';

function anEvent(over: Record<string, unknown> = {}): CloudFormationCustomResourceEvent {
  return {
    RequestType: 'Create',
    ServiceToken: 'token',
    ResponseURL: 'https://cloudformation.example/answer',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'QuarantineAttachment',
    ResourceType: 'Custom::QuarantineAttachment',
    ResourceProperties: { ServiceToken: 'token', PolicyName: 'deny', ThingGroupArn: groupArn },
    ...over,
  } as CloudFormationCustomResourceEvent;
}

function setUp({
  member,
  fault,
  contained = [],
  targets = [],
  letGo,
  policyName = 'deny',
}: {
  policyName?: string;
  targets?: string[];
  member?: string;
  fault?: Error;
  contained?: string[];
  letGo?: string;
} = {}) {
  const attached = new Set<string>();
  const answers: unknown[] = [];
  const group = {
    async attach(policyName: string, arn: string) {
      if (fault) throw fault;
      attached.add(`${arn} ${policyName}`);
    },
    async detach(policyName: string, arn: string) {
      attached.delete(`${arn} ${policyName}`);
    },
    findMember: async () => member,
    async *listMembers() {
      if (member) yield member;
    },
    deletePolicy: async () => true,
  };
  const policies = {
    listTargets: async () => targets,
    detach: async () => {},
    listVersions: async () => [],
    deleteVersion: async () => {},
  };
  const answer = async (url: string, body: unknown) => {
    answers.push([url, body]);
  };
  const listByStatus = async (status: string, limit: number) =>
    (status === 'contained' ? contained : []).slice(0, limit).map((thingName) => ({ thingName }));
  const { log, lines } = fakeTelemetry();
  const letGoParameter = '/cordon-dev/delete-while-contained';
  const time = { clock: Date.now, wait: async () => {} };
  const current = { policyName, thingGroup: 'cordon-quarantine' };
  const ports = {
    group,
    policies,
    current,
    ...time,
    listByStatus,
    log,
    letGoParameter,
    readLetGo: async () => letGo,
  };
  return { attached, answers, ports, lines, run: provision({ ...ports, answer }) };
}

const identity = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'QuarantineAttachment' };
const answered = (body: object) => [['https://cloudformation.example/answer', { ...identity, ...body }]];
const id = `${groupArn}/deny`;

describe('provision', () => {
  it('attaches the deny policy to the group and answers', async () => {
    const { run, attached, answers } = setUp();

    await run(anEvent());

    expect([...attached]).toEqual([`${groupArn} deny`]);
    expect(answers).toEqual(answered({ Status: 'SUCCESS', PhysicalResourceId: id }));
  });

  it('answers an update with the id of the current resource, so that CloudFormation deletes the old one', async () => {
    const { run, attached, answers } = setUp();
    const ResourceProperties = { ServiceToken: 'token', PolicyName: 'deny-2', ThingGroupArn: groupArn };

    await run(anEvent({ RequestType: 'Update', PhysicalResourceId: id, ResourceProperties }));

    expect([...attached]).toEqual([`${groupArn} deny-2`]);
    expect(answers).toEqual(answered({ Status: 'SUCCESS', PhysicalResourceId: `${groupArn}/deny-2` }));
  });

  it('removes the policy on delete', async () => {
    const { run, attached, answers } = setUp();
    attached.add(`${groupArn} deny`);

    await run(anEvent({ RequestType: 'Delete', PhysicalResourceId: id }));

    expect([...attached]).toEqual([]);
    expect(answers).toEqual(answered({ Status: 'SUCCESS', PhysicalResourceId: id }));
  });

  it('refuses to delete while a thing is in the group, which would release the thing unnoticed', async () => {
    const { run, attached, answers } = setUp({ member: 'mything1' });
    attached.add(`${groupArn} deny`);

    await run(anEvent({ RequestType: 'Delete', PhysicalResourceId: id }));

    expect([...attached]).toEqual([`${groupArn} deny`]);
    expect(answers).toEqual(
      answered({
        Status: 'FAILED',
        Reason:
          'mything1 is still in the quarantine group; release first, or store stack in the parameter /cordon-dev/delete-while-contained to abandon the containments; then delete the stack again',
        PhysicalResourceId: id,
      }),
    );
  });

  it('detaches a policy that an update has replaced, whichever things are in the group', async () => {
    const { run, attached, answers } = setUp({ member: 'mything1', policyName: 'theirs' });
    attached.add(`${groupArn} deny`);
    attached.add(`${groupArn} theirs`);

    await run(anEvent({ RequestType: 'Delete', PhysicalResourceId: id }));

    expect([...attached]).toEqual([`${groupArn} theirs`]);
    expect(answers).toEqual(answered({ Status: 'SUCCESS', PhysicalResourceId: id }));
  });

  it('leaves the policy on a group with things that an update no longer uses', async () => {
    const { run, attached, answers } = setUp({ member: 'mything1', policyName: 'theirs' });
    const before = `${groupArn}-before`;
    attached.add(`${before} deny`);
    const ResourceProperties = { ServiceToken: 'token', PolicyName: 'deny', ThingGroupArn: before };

    await run(anEvent({ RequestType: 'Delete', PhysicalResourceId: id, ResourceProperties }));

    expect([...attached]).toEqual([`${before} deny`]);
    expect(JSON.stringify(answers)).toContain('mything1 is still in the quarantine group');
  });

  it('answers FAILED with a reason that CloudFormation accepts', async () => {
    const { run, answers } = setUp({ fault: awsError('X', 'y'.repeat(5_000)) });

    await run(anEvent());

    expect(answers).toEqual(
      answered({
        Status: 'FAILED',
        Reason: `${'y'.repeat(999)}…`,
        PhysicalResourceId: 'request',
      }),
    );
  });

  it.each([
    [{}, 'PolicyName'],
    [{ PolicyName: 'deny', ThingGroupArn: 'arn:aws:s3:::bucket' }, 'ThingGroupArn'],
    [{ PolicyName: 'deny', ThingGroupArn: `${groupArn}/../x` }, 'ThingGroupArn'],
  ])(
    'refuses the properties %j, and lets the rollback delete a resource that never existed',
    async (properties, field) => {
      const { run, attached, answers } = setUp();

      await run(anEvent({ ResourceProperties: properties }));
      await run(
        anEvent({ RequestType: 'Delete', PhysicalResourceId: 'request', ResourceProperties: properties }),
      );

      expect([...attached]).toEqual([]);
      expect(answers).toEqual([
        ...answered({
          Status: 'FAILED',
          Reason: `wrong properties: ${field}`,
          PhysicalResourceId: 'request',
        }),
        ...answered({ Status: 'SUCCESS', PhysicalResourceId: 'request' }),
      ]);
    },
  );

  it('fails if the answer was lost, and never reports a finished change as failed', async () => {
    const { ports, attached } = setUp();
    const tried: unknown[] = [];
    const answer = async (_url: string, body: { Status: string }) => {
      tried.push(body.Status);
      throw new Error('no route');
    };

    await expect(provision({ ...ports, answer })(anEvent())).rejects.toThrow('no route');

    expect([...attached]).toHaveLength(1);
    expect(tried).toEqual(['SUCCESS']);
  });
});

describe('the deletion guard', () => {
  const aGuardEvent = (over: Record<string, unknown> = {}) =>
    anEvent({
      ResourceType: 'Custom::DeletionGuard',
      LogicalResourceId: 'DeletionGuard',
      PhysicalResourceId: 'DeletionGuard',
      ResourceProperties: { ServiceToken: 'token', PolicyName: 'deny', ThingGroupArn: groupArn },
      ...over,
    });
  const guarded = (body: object) => [
    ['https://cloudformation.example/answer', { ...identity, LogicalResourceId: 'DeletionGuard', ...body }],
  ];
  const done = guarded({ Status: 'SUCCESS', PhysicalResourceId: 'DeletionGuard' });
  const refusal = (names: string) =>
    guarded({
      Status: 'FAILED',
      Reason: `still contained: ${names}; release first, or store stack in the parameter /cordon-dev/delete-while-contained to abandon the containments; then delete the stack again`,
      PhysicalResourceId: 'DeletionGuard',
    });

  it.each(['Create', 'Update', 'Delete'])(
    'answers %s with success if nothing is contained',
    async (RequestType) => {
      const { run, answers } = setUp();

      await run(aGuardEvent({ RequestType }));

      expect(answers).toEqual(done);
    },
  );

  it('allows the stack to be created and updated whatever is contained', async () => {
    const { run, answers } = setUp({ contained: ['mything1'], member: 'mything1' });

    await run(aGuardEvent({ RequestType: 'Create' }));
    await run(aGuardEvent({ RequestType: 'Update' }));

    expect(answers).toEqual([...done, ...done]);
  });

  it.each([
    ['a thing is in it', { member: 'mything1' }, false],
    ['nothing is in it', {}, true],
  ])('allows a new name for the quarantine group only while nothing is in it: %s', async (_, held, lets) => {
    const { run, answers } = setUp(held);
    const OldResourceProperties = { ServiceToken: 'token', ThingGroupArn: `${groupArn}-before` };

    await run(aGuardEvent({ RequestType: 'Update', OldResourceProperties }));

    const Reason =
      'mything1 is still in the group cordon-quarantine-before; release it before quarantine.thingGroup changes';
    expect(answers).toEqual(
      lets ? done : guarded({ Status: 'FAILED', Reason, PhysicalResourceId: 'DeletionGuard' }),
    );
  });

  it.each<[string, Parameters<typeof setUp>[0], Record<string, string>, boolean]>([
    ['a certificate has the policy', { targets: [groupArn, certificateArn] }, {}, false],
    ['only the group has it', { targets: [groupArn], member: 'mything1', contained: ['mything1'] }, {}, true],
    // It stays where it is.
    [
      'it is adopted',
      { targets: [certificateArn], contained: ['mything1'] },
      { IsPolicyAdopted: 'true' },
      true,
    ],
  ])(
    'allows another policy only while the old one denies no more than its group: %s',
    async (_, held, more, lets) => {
      const { run, answers } = setUp(held);
      const OldResourceProperties = {
        ServiceToken: 'token',
        PolicyName: 'old',
        ThingGroupArn: groupArn,
        ...more,
      };

      await run(aGuardEvent({ RequestType: 'Update', OldResourceProperties }));

      const Reason =
        'old still denies certificate 0123abcd; release what they hold before quarantine.policy changes';
      expect(answers).toEqual(
        lets ? done : guarded({ Status: 'FAILED', Reason, PhysicalResourceId: 'DeletionGuard' }),
      );
    },
  );

  it('allows another group if the policy of the old one is adopted, unless a case holds a thing', async () => {
    const OldResourceProperties = {
      ...{ ServiceToken: 'token', PolicyName: 'mine', ThingGroupArn: `${groupArn}-before` },
      IsPolicyAdopted: 'true',
    };
    const byHand = setUp({ member: 'theirs' });
    await byHand.run(aGuardEvent({ RequestType: 'Update', OldResourceProperties }));
    const held = setUp({ member: 'theirs', contained: ['mything1'] });
    await held.run(aGuardEvent({ RequestType: 'Update', OldResourceProperties }));

    expect(byHand.answers).toEqual(done);
    expect(JSON.stringify(held.answers)).toContain('mything1 is still in the group cordon-quarantine-before');
  });

  it.each([
    ['a case that holds', { contained: ['mything1'] }, 'mything1'],
    ['a thing that somebody put into the group', { member: 'mything2' }, 'mything2'],
    ['both', { contained: ['mything1'], member: 'mything1' }, 'mything1'],
    [
      'a certificate that has the deny policy',
      { targets: [groupArn, certificateArn] },
      'certificate 0123abcd',
    ],
    ['many', { contained: ['a', 'b', 'c', 'd', 'e', 'f'] }, 'a, b, c, d, e and others'],
  ])('refuses to delete for %s', async (_what, held, names) => {
    const { run, answers } = setUp(held);

    await run(aGuardEvent({ RequestType: 'Delete' }));

    expect(answers).toEqual(refusal(names));
  });

  it('ignores the permission given to another stack', async () => {
    const { run, answers } = setUp({ contained: ['mything1'], letGo: 'stack-before' });

    await run(aGuardEvent({ RequestType: 'Delete' }));

    expect(answers).toEqual(refusal('mything1'));
  });

  it('allows the deletion when containments are abandoned, and logs the names of all released things', async () => {
    const things = Array.from({ length: 150 }, (_, index) => `thing${index}`);
    const targets = [groupArn, certificateArn];
    const { run, answers, lines } = setUp({ contained: things, member: 'byhand', targets, letGo: 'stack' });

    await run(aGuardEvent({ RequestType: 'Delete' }));

    expect(answers).toEqual(done);
    expect(
      lines.filter(({ level }) => level === 'warn').map(({ message, fields }) => [message, fields]),
    ).toEqual([
      ['abandoned with the stack', { things: things.slice(0, 100) }],
      ['abandoned with the stack', { things: [...things.slice(100), 'byhand'] }],
      ['abandoned with the stack', { targets: [certificateArn] }],
    ]);
  });

  it('removes the deny policy from the group when containments are abandoned, even if a thing is in it', async () => {
    const { run, attached } = setUp({ member: 'mything1', letGo: 'stack' });
    attached.add(`${groupArn} deny`);

    await run(anEvent({ RequestType: 'Delete', PhysicalResourceId: id }));

    expect([...attached]).toEqual([]);
  });
});

describe('a stack whose deny policy is adopted', () => {
  const properties = { PolicyName: 'mine', ThingGroupArn: groupArn, IsPolicyAdopted: 'true' };
  const gone = { RequestType: 'Delete', PhysicalResourceId: 'id', ResourceProperties: properties };

  it('leaves the policy on the group when it is deleted, even if things are in the group by hand', async () => {
    const { run, attached, answers } = setUp({ member: 'theirs', targets: [certificateArn] });

    await run(anEvent({ ResourceProperties: properties }));
    await run(anEvent({ ...gone, ResourceType: 'Custom::DeletionGuard' }));
    await run(anEvent(gone));

    expect(JSON.stringify(answers).match(/"Status":"\w+"/g)).toEqual(Array(3).fill('"Status":"SUCCESS"'));
    expect([...attached]).toEqual([`${groupArn} mine`]);
  });

  it('is not deleted while a case holds a thing', async () => {
    const { run, answers } = setUp({ contained: ['mything1'] });

    await run(anEvent({ ...gone, ResourceType: 'Custom::DeletionGuard' }));

    expect(JSON.stringify(answers)).toContain('still contained: mything1; release first');
  });
});

it('provision answers FAILED to an unknown resource type', async () => {
  const { run, answers } = setUp();

  await run(anEvent({ ResourceType: 'Custom::Other' }));

  expect(answers).toEqual(
    answered({
      Status: 'FAILED',
      Reason: 'unknown resource type: Custom::Other',
      PhysicalResourceId: 'request',
    }),
  );
});
