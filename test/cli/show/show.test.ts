import { CliError } from '../../../cli/cli-error';
import { plain } from '../../../cli/look/style';
import { readCase, showCase } from '../../../cli/show/show';
import type { ToldFlood } from '../../../shared/domain/detection/floods';
import { aConfiguration, aPlaybook, changeCase, now, someFacts, words } from '../../builders';
import { aContainedCase, advance, alarm, aReleasedCase, aTable, flush } from '../stored-cases';

const at = (ms: number) => new Date(now + ms).toISOString();
const show = async (stored: ReturnType<typeof aReleasedCase>) =>
  (await showCase('mything1', aTable([stored]))).split('\n');

describe('show', () => {
  it('prints how fast a thing was contained, what ends the containment, the actions, the evidence and the timeline', async () => {
    const evidence = [{ pid: 4242, commandLine: 'sh -c id', user: 'myapp', parents: ['myapp', 'systemd'] }];
    const configuration = aConfiguration({ playbooks: [aPlaybook({ release: { after: 1_800_000 } })] });

    expect(await show(aContainedCase({ evidence }, { configuration }))).toEqual([
      'mything1: contained',
      'case case-1, critical, playbook spawned-child, detector cordon',
      'from alert to applied: 100 ms',
      'from alert to verified denial: 100 ms',
      'from decision to verified denial: 0 ms',
      `containment began: ${at(0)}`,
      `release: by time, 30 minutes after the denial was verified, at ${at(1_800_000)}`,
      'violation myapp-processes/no-child-processes: in alarm, 1 child process of myapp',
      '  process 4242: sh -c id (user myapp)',
      '    started by myapp < systemd',
      'thing groups: sensors',
      'certificate aaaaaaaaaaaa: policies device',
      'action disconnect verified: verify was done',
      'action quarantine verified: verify was done',
      'a release restores thing group cordon-quarantine: now a member, then no member',
      'timeline:',
      `  ${at(0)} +     0 ms  case opened: in thing groups sensors`,
      `  ${at(0)} +     0 ms  in alarm: myapp-processes/no-child-processes: 1 child process of myapp`,
      `  ${at(0)} +     0 ms  containment planned by playbook: quarantine, disconnect`,
      `  ${at(0)} +     0 ms  disconnect applied: apply was done`,
      `  ${at(0)} +     0 ms  quarantine applied: apply was done`,
      `  ${at(0)} +     0 ms  disconnect verified: verify was done`,
      `  ${at(0)} +     0 ms  quarantine verified: verify was done`,
      `  ${at(0)} +     0 ms  contained: the denial is verified`,
      'next:',
      '  cordon release mything1                  release a thing: restore exactly what its containment changed (still in alarm, so it may be contained again: myapp-processes/no-child-processes; --force if it is refused)',
      '  cordon harden mything1                   add actions to a containment; a release undoes them too',
      '  cordon comment mything1 --comment "..."  add a comment to the open case',
      '  cordon assign mything1                   assign the open case to you, or to somebody else',
      '  cordon verify case-1                     check that nobody changed the timeline',
    ]);
  });

  it('prints what escalated the case of a repeat offender', async () => {
    const escalate = { afterContainments: 1, within: 3_600_000, actions: ['deny-certificate' as const] };
    const configuration = aConfiguration({ playbooks: [aPlaybook({ escalate })] });
    const { record, rows } = aReleasedCase();
    const again = alarm({ occurredAt: now + 120_000 });
    const over = { configuration, now: now + 120_000, newCaseId: 'case-2' };

    const lines = await show(flush({ record: advance(record, again, over), rows }));

    expect(lines.slice(0, 9)).toEqual([
      'mything1: contained',
      'case case-2, critical, playbook spawned-child, detector cordon',
      'from alert to applied: 0 ms',
      'from alert to verified denial: 0 ms',
      'from decision to verified denial: 0 ms',
      `containment began 2 times: ${at(0)}, ${at(120_000)}`,
      'escalated by deny-certificate, because it was contained repeatedly',
      'release: by an operator',
      'violation myapp-processes/no-child-processes: in alarm, 1 child process of myapp',
    ]);
  });

  it('fits a narrow terminal, and keeps each command on a line of its own', async () => {
    const text = await showCase('mything1', aTable([aContainedCase()]), { ...plain, width: 40 });
    const lines = text.split('\n');

    expect(lines).toContain('  cordon release mything1');
    expect(lines).toContain('      release a thing: restore exactly');
    expect(lines.filter((line) => line.length > 40 && !/^ *\S+$|^ {2}cordon /.test(line))).toEqual([]);
  });

  it('writes commands as the reader called this one, so that they can be copied', async () => {
    const called = { ...plain, command: 'npx cordon' };

    const text = await showCase('mything1', aTable([aContainedCase()]), called);

    expect(text.slice(text.indexOf('next:'))).toMatch(/^ {2}npx cordon release mything1 /m);
    expect(text.slice(text.indexOf('next:'))).not.toMatch(/^ {2}cordon /m);
  });

  it('prints how strong the containment is, and what it leaves out', async () => {
    const [own] = someFacts().principals;
    if (!own) throw new Error('no principal');
    const shared = {
      ...own,
      arn: own.arn.replaceAll('a'.repeat(64), 'b'.repeat(64)),
      certificateId: 'b'.repeat(64),
      sharedWith: ['mything2'],
    };
    const facts = someFacts({ principals: [own, shared] });

    expect(await show(aContainedCase({}, { policyCacheMs: 480_000, facts }))).toEqual(
      expect.arrayContaining([
        "strength: its own certificates can't connect until the policies have spread",
        'strength: a certificate stays active, so each connect that AWS reports is cut until the policies have spread: certificate bbbbbbbb is used by mything2 as well',
      ]),
    );
  });

  it('prints when an approval request expires', async () => {
    const configuration = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
    const record = advance(undefined, alarm(), { configuration });

    expect((await show({ record, rows: [] })).slice(0, 3)).toEqual([
      'mything1: awaiting-approval (playbook spawned-child asks before it acts)',
      'case case-1, critical, playbook spawned-child, detector cordon',
      `the approval request expires at ${at(86_400_000)}`,
    ]);
  });

  it('prints what the registry says of the thing, and its certificates', async () => {
    const facts = someFacts({
      attributes: { customer: 'acme', site: 'x\u001b[2J' },
      groups: ['sensors', 'plant-7'],
      thingTypeName: 'pump',
    });

    expect(await show(aContainedCase({}, { facts }))).toEqual(
      expect.arrayContaining([
        'thing groups: sensors, plant-7',
        'thing type: pump',
        'attributes: customer=acme, site=x\uFFFD[2J',
      ]),
    );
  });

  it('takes a case id too, prints earlier cases, and offers what is possible now', async () => {
    const closed = aReleasedCase();
    const { record, rows } = closed;
    const again = alarm({ occurredAt: now + 120_000, violationId: 'v2' });
    const present = flush({
      record: advance(record, again, { now: now + 120_000, newCaseId: 'case-2' }),
      rows: [],
    });
    const later = changeCase(record, { caseId: 'case-3', openedAt: now + 60_000 });
    const table = aTable(
      [present],
      [
        { record, rows },
        { record: later, rows: [] },
      ],
    );

    const newest = (await showCase('mything1', table)).split('\n');
    const earlier = (await showCase('case-1', table)).split('\n');

    expect(newest).toEqual(
      expect.arrayContaining([
        'earlier cases:',
        `  ${at(0)}  case-1  released: everything is as it was before`,
      ]),
    );
    expect(earlier[0]).toBe('mything1: closed (released: everything is as it was before)');
    expect(earlier).not.toContain('earlier cases:');
    const listed = (await readCase('mything1', table)).earlier.map(({ caseId, status }) => [caseId, status]);
    expect(listed).toEqual([
      ['case-1', 'closed'],
      ['case-3', 'closed'],
    ]);
    expect((await readCase('mything1', table)).restores).toMatchObject([{ action: 'quarantine' }]);
  });

  it('names earlier cases that are damaged', async () => {
    const stored = aContainedCase();
    const table = aTable([stored], [], ['case-0']);

    const shown = (await showCase('mything1', table)).split('\n');

    expect(shown.join()).toContain('earlier cases:,  case-0  its item in the table is damaged,');
    expect(await readCase('mything1', table)).toMatchObject({ earlier: [], damaged: ['case-0'] });
    expect(await readCase('mything1', aTable([stored]))).not.toHaveProperty('damaged');
    const gone = aTable([], [], ['case-1']);
    gone.history.readTimeline = async () => [...stored.rows];
    await expect(showCase('case-1', gone)).rejects.toThrow(
      'case-1: its item in the table is damaged: restore',
    );
  });

  it('names the runbook of a case that needs one', async () => {
    const failed = changeCase(aContainedCase().record, {
      status: 'containment-failed',
      reason: words('AWS refused'),
    });

    expect(await show({ record: failed, rows: [] })).toContainEqual(
      expect.stringMatching(/^ {2}docs\/runbooks\/containment-failed\.md +the runbook$/),
    );
  });

  it('prints no control characters of an attacker', async () => {
    const commandLine = '\u001b[2J\nmything1: closed\u202e\u009b1A';
    const text = await showCase(
      'mything1',
      aTable([aContainedCase({ evidence: [{ pid: 1, commandLine }] })]),
    );

    expect(text).toContain('  process 1: \uFFFD[2J\uFFFDmything1: closed\uFFFD\uFFFD1A (user ?)');
  });

  it('says that a thing has no case', async () => {
    await expect(showCase('mything9', aTable([]))).rejects.toThrow(
      new CliError(
        'no thing named mything9 has a case, and no case with this id has a timeline: cordon list shows the open cases',
      ),
    );
  });
});

describe('the case of a thing that floods', () => {
  const flooding = (...floods: ReturnType<typeof aFlood>[]) => ({ floods: { list: async () => floods } });

  it('says so, of what was reported for it and of what its certificate reports for others', async () => {
    const stored = aContainedCase();
    const { facts } = stored.record;
    const sender = facts?.kind === 'known' ? (facts.principals[0]?.certificateId ?? '') : '';
    const table = {
      ...aTable([stored]),
      ...flooding(
        aFlood({}),
        aFlood({ thingName: 'mything2', sender }),
        aFlood({ thingName: 'mything3', sender: 'cd'.repeat(32) }),
      ),
    };

    const lines = (await showCase('mything1', table)).split('\n');

    expect(lines.filter((line) => line.startsWith('too many reports for'))).toEqual([
      expect.stringContaining('too many reports for mything1, by certificate abab'),
      expect.stringContaining('too many reports for mything2, by certificate '),
    ]);
    expect((await readCase('mything1', table)).floods).toHaveLength(2);
    expect(await readCase('mything1', aTable([stored]))).not.toHaveProperty('floods');
  });

  it('also says so if there is no case', async () => {
    const shown = showCase('mything1', { ...aTable([]), ...flooding(aFlood({})) });

    await expect(shown).rejects.toThrow(
      /^no thing named mything1 has a case.*\ntoo many reports for mything1, by certificate/,
    );
  });
});

function aFlood(over: Partial<ToldFlood>): ToldFlood {
  return {
    ...{ sender: 'ab'.repeat(32), thingName: 'mything1', clientId: 'mything1', since: now, toldAt: now },
    ...over,
  };
}
