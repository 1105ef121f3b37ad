import fc from 'fast-check';
import { caseStatuses } from '../../../../shared/domain/case/status';
import { listOffered } from '../../../../shared/domain/decide/operator-actions';
import { listNextCommands } from '../../../../shared/domain/messages/describe-state';
import { writeSubject, writeText } from '../../../../shared/domain/messages/mail';
import { anyText } from '../../../any-text';
import { anAnnouncement, hostileAnnouncement } from '../../../functions/notify/announcements';

/** RFC 5256, "Base Subject": what is in brackets before the subject does not count. */
const baseOf = (subject: string) => subject.replace(/^(\[[^[\]]*\]\s*)+/, '');

describe('the subject of a mail', () => {
  it('has the state before the name, and is one conversation for all states of a case', () => {
    const released = anAnnouncement({ kind: 'released', status: 'closed', severity: 'high' });

    expect(writeSubject(anAnnouncement())).toBe('[contained] mything1 (Cordon case case-1)');
    expect(writeSubject(released)).toBe('[released] mything1 (Cordon case case-1)');
    expect(baseOf(writeSubject(released))).toBe(baseOf(writeSubject(anAnnouncement())));
  });

  it('keeps state and case however long the name of the thing is', () => {
    const subject = writeSubject(anAnnouncement({ kind: 'containment-failed', thingName: 'a'.repeat(128) }));

    expect(subject).toMatch(/^\[CONTAINMENT FAILED\] a+\.\.\. \(Cordon case case-1\)$/);
    expect(subject.length).toBeLessThan(100);
  });

  it('is one conversation for all states of a case, however long their words and the name are', () => {
    for (const thingName of ['mything1', 'a'.repeat(36), 'b'.repeat(128), 'cordon-drill-1a2b3c4d'])
      for (const kind of ['contained', 'new-certificate', 'second-person', 'refused', 'containment-failed']) {
        const subjects = caseStatuses.map((status) =>
          writeSubject(anAnnouncement({ thingName, kind, status, drill: thingName.startsWith('cordon') })),
        );
        const base = baseOf(writeSubject(anAnnouncement({ thingName })));

        expect(subjects.filter((subject) => baseOf(subject) !== base || subject.length > 99)).toEqual([]);
      }
  });

  it('is ASCII of less than 100 characters in one line, whatever an announcement says', () => {
    fc.assert(
      fc.property(anyText(200), (text) => {
        expect(writeSubject(hostileAnnouncement(text))).toMatch(/^\[[ -~]{1,98}$/);
      }),
    );
  });
});

describe('the text of a mail', () => {
  it('says what happened, what was done, who decided and what next, in words', () => {
    expect(writeText(anAnnouncement())).toBe(
      `mything1: 1 child process of myapp: contained
the denial is verified

Seen:     1 child process of myapp; at most 0 is normal (myapp-processes/no-child-processes)
Process:  /bin/sh -c id (pid 4242, user myapp), started by myapp < systemd
Done:     quarantine verified: publish is explicitly denied
Decided:  playbook spawned-child
Severity: critical
Registry: thing groups: sensors
Case:     case-1

Next:     npx cordon show mything1
          npx cordon release mything1
Runbook:  docs/operating.md#statuses`,
    );
  });

  it('says in its first line and its subject that an order waits for a second person, and how to give it', () => {
    const asked = anAnnouncement({
      kind: 'second-person',
      request: { action: 'harden', actor: 'ada', expires: 0, actions: ['deactivate-certificate'] },
    });

    expect(writeSubject(asked)).toBe('[contained, waits for a second person] mything1 (Cordon case case-1)');
    expect(writeText(asked)).toMatch(
      /^mything1: 1 child process of myapp: contained, waits for a second person\n/,
    );
    expect(listNextCommands(asked)).toEqual([
      'npx cordon show mything1',
      'npx cordon harden mything1 --actions deactivate-certificate',
      'npx cordon reject mything1',
      'npx cordon release mything1',
    ]);
  });

  it('says what is asked for if nothing was seen', () => {
    const asked = anAnnouncement({
      ...{ kind: 'second-person', status: 'awaiting-approval', violations: [] },
      request: { action: 'contain', actor: 'ada', expires: 0, force: true },
    });

    expect(writeText(asked).split('\n')[0]).toBe('mything1: containment by ada: waits for a second person');
    expect(listNextCommands(asked)).toEqual([
      'npx cordon show mything1',
      'npx cordon approve mything1 --force',
      'npx cordon reject mything1',
    ]);
  });

  it('writes no command for an unknown order', () => {
    const request = { action: 'contain; reboot', actor: 'ada', expires: 0 };

    expect(listNextCommands(anAnnouncement({ request })).join()).not.toContain('reboot');
  });

  it.each([
    [{ kind: 'refused' }, 'contained, command refused'],
    [{ kind: 'new-violation' }, 'contained, further violation'],
    [
      { kind: 'containment-failed', status: 'containment-failed', reminder: 2 },
      'CONTAINMENT FAILED, reminder 2',
    ],
  ])('says in its first line what is new: %j', (over, state) => {
    expect(writeText(anAnnouncement(over)).split('\n')[0]).toBe(
      `mything1: 1 child process of myapp: ${state}`,
    );
  });

  it('says in a reminder how to take the case', () => {
    const failed = { kind: 'containment-failed', status: 'containment-failed' };

    expect(listNextCommands(anAnnouncement({ ...failed, reminder: 1 }))).toEqual([
      'npx cordon show mything1',
      'npx cordon assign mything1',
      'npx cordon release mything1',
    ]);
  });

  it('does not say that a playbook decided what waits for a person', () => {
    const waiting = anAnnouncement({ kind: 'approval-needed', status: 'awaiting-approval' });

    expect(writeText(waiting)).toContain('Decided:  nobody yet (playbook spawned-child)\n');
    expect(writeText({ ...waiting, playbook: undefined })).not.toContain('Decided:');
  });

  it('has the words of another finding once, and in the first line without what is in brackets', () => {
    const words = 'siem reports: Beacon (C2); DNS (high, found by ACME NDR)';
    const found = anAnnouncement({
      violations: [
        {
          ...{ behavior: 'external finding/siem/f1', kind: 'external', metric: '', value: '', criteria: '' },
          ...{ words, alarmAt: 0 },
        },
      ],
    });

    expect(writeText(found)).toMatch(/^mything1: siem reports: Beacon \(C2\); DNS: contained\n/);
    expect(writeText(found)).toContain(`Seen:     ${words}\n`);
  });

  it('says once what held actions back', () => {
    const killSwitch = { state: 'on', by: 'ada' } as const;
    const text = 'the kill switch is on, by ada: every action is off';

    expect(writeText(anAnnouncement({ killSwitch, text }))).not.toContain('Switch:');
    expect(writeText(anAnnouncement({ killSwitch }))).toContain('Switch:   the kill switch is on, by ada\n');
  });

  it('names the person who decided, the console and the runbook, and no severity once it is over', () => {
    const conflict = anAnnouncement({
      ...{ kind: 'release-conflict', status: 'release-conflict' },
      decided: { command: 'release', actor: 'ada', comment: 'checked on site' },
      link: 'https://console.example.com/console/#/cases/case-1',
    });

    expect(writeText(conflict)).toContain('Decided:  release ordered by ada: checked on site\n');
    expect(writeText(conflict)).toContain('Console:  https://console.example.com/console/#/cases/case-1\n');
    expect(writeText(conflict)).toContain('Runbook:  docs/runbooks/release-conflict.md');
    expect(writeText({ ...conflict, kind: 'released', status: 'closed' })).not.toContain('Severity');
  });

  it.each(['constructor', '__proto__', 'toString'])('is text if a status is called %s', (name) => {
    const odd = anAnnouncement({ kind: name, status: name });

    expect(writeText(odd).split('\n')[0]).toBe(`mything1: 1 child process of myapp: ${name}`);
    expect(writeText(odd)).toContain('npx cordon show mything1');
  });

  it('keeps the text of a device from forging a line', () => {
    const forged = 'x\r\nSeverity: low\u2028y';
    const lines = writeText(hostileAnnouncement(forged)).split('\n');

    expect(lines.filter((line) => line.startsWith('Severity: low'))).toEqual([]);
  });
});

it.each(caseStatuses)('what to type next in the status %s is what the surfaces offer', (status) => {
  expect(listNextCommands(anAnnouncement({ status }))).toEqual(
    ['show', ...listOffered(status)].map((command) => `npx cordon ${command} mything1`),
  );
});
