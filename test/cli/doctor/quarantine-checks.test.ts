import { checkQuarantine } from '../../../cli/doctor/checks/quarantine';

describe('the check of an adopted quarantine group', () => {
  it('says that only its owner can create it again, and that the sweep restores the policy', async () => {
    const check = checkQuarantine(
      { thingGroup: 'theirs', adopt: true },
      async () => ['thing group', 'text of the policy'],
      async () => ['of its owner'],
    );

    expect(await check.run()).toMatchObject([
      {
        level: 'problem',
        about: 'adopted quarantine group theirs',
        mend: 'aws iot create-thing-group --thing-group-name theirs',
      },
      { why: expect.stringContaining('The sweep repairs it'), mend: 'docs/runbooks/quarantine-broken.md' },
      { level: 'note', what: 'it also has the policy of its owner' },
    ]);
  });
});

describe('the check of policies beside the stack’s', () => {
  const run = (adopt: boolean) =>
    checkQuarantine(
      { thingGroup: 'group', adopt },
      async () => [],
      async () => ['my-deny'],
    ).run();

  it('notes one on an adopted group, which its owner or a deploy that was rolled back attached', async () => {
    const findings = await run(true);

    expect(findings.map(({ level, what }) => [level, what])).toEqual([
      ['note', 'it also has the policy my-deny'],
      ['ok', 'it has the policy of this version'],
    ]);
    expect(findings[0]).toMatchObject({
      why: expect.stringContaining('rolled back'),
      mend: expect.stringContaining('aws iot detach-policy --policy-name my-deny'),
    });
  });

  it('finds a problem in one on a group of the stack', async () => {
    expect((await run(false)).map(({ level, what }) => [level, what])).toEqual([
      ['problem', 'it also has the policy my-deny'],
    ]);
  });
});

describe('the check of an adopted deny policy', () => {
  const check = (
    ...missing: Awaited<Parameters<typeof checkQuarantine>[1] extends () => Promise<infer R> ? R : never>
  ) =>
    checkQuarantine(
      { thingGroup: 'theirs', adopt: true, policy: 'mine' },
      async () => missing,
      async () => [],
    ).run();

  it('says which it is, and what only its owner can mend', async () => {
    expect(await check()).toMatchObject([
      { level: 'ok', what: 'it has the adopted policy mine, which denies all that a containment denies' },
    ]);
    expect(await check('text of the policy', 'policy', 'policy on the group')).toMatchObject([
      {
        what: 'the adopted policy mine does not deny all that a containment denies',
        mend: 'deploy again: before it changes anything, it prints what mine lacks',
      },
      { what: 'the deny policy is missing', mend: 'create the policy mine again, and deploy' },
      { mend: 'docs/runbooks/quarantine-broken.md' },
    ]);
  });
});
