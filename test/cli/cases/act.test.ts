import { act } from '../../../cli/cases/act';
import { CliError } from '../../../cli/cli-error';
import type { Case } from '../../../shared/domain/case/case';
import type { Refusal } from '../../../shared/domain/case/reasons';
import type { Command } from '../../../shared/domain/decide/command';
import type { OperatorAction } from '../../../shared/domain/decide/operator-actions';
import { thingKey } from '../../../shared/domain/thing-ref';
import { changeCase, flushed, now, words } from '../../builders';
import { fakeCases, fakeQueue } from '../../fakes';
import { aContainedCase, advance, alarm, aReleasedCase } from '../stored-cases';

const contained = flushed(aContainedCase().record);
const released = flushed(aReleasedCase().record);
const observed = changeCase(contained, { status: 'observed', ledger: [], reason: words('only observes') });
const waiting = changeCase(observed, { status: 'awaiting-approval' });

/** A stack in which a sent command at once replaces the thing's case by the given one. */
function aStack(before: Case | undefined, after?: Case, refusal?: Refusal) {
  const { cases, items } = fakeCases();
  const { sent, commands } = fakeQueue();
  const store = (record: Case, version: number) => items.set(record.thingName, { value: record, version });
  if (before) store(before, 1);
  const openCommands = async () => ({
    async send(command: Command, id: string) {
      await commands.send(command, id);
      if (after) store(after, 2);
    },
  });
  const run = (name: OperatorAction, waitSeconds = 30, comment?: string) =>
    act(
      name,
      'mything1',
      { waitSeconds, actor: 'ada', ...(comment && { comment }) },
      { cases, refusals: { read: async () => refusal }, openCommands },
    ).then(({ text }) => text);
  return { sent, run };
}

describe('a command that needs a second person', () => {
  const request = {
    action: 'harden',
    actor: 'ada',
    person: 'iam:AIDA1',
    at: now,
    expires: now + 60_000,
  } as const;
  const asked = changeCase(contained, { request });

  it('ends as not done yet, and says who has to do what until when', async () => {
    const { cases, items } = fakeCases();
    items.set('mything1', { value: contained, version: 1 });
    const openCommands = async () => ({
      async send(_command: Command, requestId: string) {
        items.set('mything1', {
          value: changeCase(contained, { request: { ...request, requestId } }),
          version: 2,
        });
      },
    });
    const outcome = act(
      'harden',
      'mything1',
      { waitSeconds: 30, actor: 'ada' },
      {
        cases,
        refusals: { read: async () => undefined },
        openCommands,
      },
    );

    await expect(outcome).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(
        /^mything1: hardening by ada waits for a second person until 2026-.* Nothing happens until somebody else/,
      ),
    });
  });

  it('is withdrawn by reject, which changes nothing else', async () => {
    expect(await aStack(asked, contained).run('reject')).toBe('mything1: hardening by ada is rejected.');
  });
});

describe("an operator's command", () => {
  it('prints its outcome without control characters, which may be in the name of who turned the kill switch', async () => {
    const { run } = aStack(contained, { ...released, reason: words('left\u001b[2J by\nmything2') });

    expect(await run('release')).toMatch(/^mything1 is left\uFFFD\[2J by\uFFFDmything2\./);
  });

  it.each([
    ['contain', undefined, contained, 'mything1 is contained, and the denial is verified.'],
    ['contain', observed, contained, 'mything1 is contained, and the denial is verified.'],
    ['approve', waiting, contained, 'mything1 is contained, and the denial is verified.'],
    ['reject', waiting, observed, 'mything1 is not contained; its violation stays on record.'],
    [
      'release',
      contained,
      released,
      'mything1 is released: everything is as it was before. It is still in alarm, so it may be contained again: myapp-processes/no-child-processes.',
    ],
    ['dismiss', observed, changeCase(observed, { status: 'closed' }), 'mything1 has no open case any more.'],
    ['assign', contained, changeCase(contained, { assignee: 'bob' }), 'mything1 is assigned to bob.'],
    ['assign', contained, changeCase(contained, { containedAt: 1 }), 'mything1 is assigned to nobody.'],
  ] as const)(
    'is sent with its actor and comment, and waits for its outcome: %s',
    async (name, before, after, text) => {
      const { sent, run } = aStack(before, after);

      expect(await run(name, 30, 'checked')).toBe(text);
      // Delivered late, it changes no later case of the thing.
      const caseId = name === 'contain' ? undefined : before?.caseId;
      expect(sent).toEqual([
        {
          command: expect.objectContaining({
            type: name,
            thingName: thingKey('mything1'),
            actor: 'ada',
            comment: 'checked',
            caseId,
          }),
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
      ]);
    },
  );

  it.each([
    ['contain', contained, 'is already held (contained)'],
    ['approve', undefined, 'has nothing that awaits approval'],
    ['approve', observed, 'has nothing that awaits approval'],
    ['reject', contained, 'has nothing that awaits approval'],
    ['release', observed, 'is not contained'],
    ['release', released, 'is not contained'],
    ['release', undefined, 'is not contained'],
    ['dismiss', contained, 'is held (contained): release it first'],
    ['dismiss', released, 'has no open case'],
  ] as const)('is refused before it is sent if it makes no sense: %s', async (name, before, reason) => {
    const { sent, run } = aStack(before);

    await expect(run(name)).rejects.toThrow(new CliError(`mything1 ${reason}`));
    expect(sent).toEqual([]);
  });

  it.each([
    [contained, 'contained'],
    // Reached, but what happened is not written yet.
    [unflushed(released), 'closed'],
  ] as const)(
    'is not reported as done while the case is unchanged, or its timeline is incomplete',
    async (after, status) => {
      const { run } = aStack(contained, after);

      await expect(run('release', 0.01)).rejects.toThrow(
        new CliError(
          `mything1 is still ${status} after 0.01 s. Cordon continues: cordon show mything1 has the outcome`,
        ),
      );
    },
  );

  it.each([
    ['release-conflict', 'release needs a decision'],
    ['containment-failed', 'containment failed'],
  ] as const)('fails if it ends in %s, and says why', async (status, said) => {
    const { run } = aStack(
      contained,
      changeCase(contained, { status, reason: words('quarantine: changed') }),
    );

    await expect(run('release')).rejects.toThrow(new CliError(`mything1: ${said}: quarantine: changed`));
  });

  it('is not reported as done by a status that the case had before', async () => {
    await expect(aStack(contained).run('comment', 0.01, 'x')).rejects.toMatchObject({ exitCode: 4 });
  });

  it('is not sent if the selected case is over, and the thing has another one', async () => {
    const { cases, items } = fakeCases();
    items.set(thingKey('mything1'), { value: contained, version: 1 });
    const { sent, commands } = fakeQueue();
    const target = { cases, refusals: { read: async () => undefined }, openCommands: async () => commands };

    await expect(act('release', 'mything1', { waitSeconds: 0, caseId: 'case-0' }, target)).rejects.toThrow(
      'mything1 has another case by now, or none: case case-0 is closed',
    );
    expect(sent).toEqual([]);
  });

  it('prints why it was refused', async () => {
    const { run } = aStack(undefined, undefined, {
      code: 'needs-force',
      objection: { code: 'exempt', attribute: { name: 'critical', value: 'true' } },
    });

    await expect(run('contain')).rejects.toThrow(
      new CliError(
        'contain of mything1 was refused: the thing is exempt: attribute critical=true; force it if you intend this (--force)',
      ),
    );
  });

  it('does not wait for --wait 0', async () => {
    const { sent, run } = aStack(contained);

    expect(await run('release', 0)).toBe('mything1: release was sent. cordon show mything1 has the outcome.');
    expect(sent.length).toBe(1);
  });

  it('refuses a name that no thing can have', async () => {
    const { cases } = fakeCases();
    const openCommands = async () => fakeQueue().commands;

    const refusals = { read: async () => undefined };

    await expect(
      act('release', 'a/b\u001b', { waitSeconds: 0 }, { cases, refusals, openCommands }),
    ).rejects.toThrow(
      new CliError(
        '"a/b\\u001b" is not a thing name, nor ACCOUNT/REGION/NAME: expected 1 to 128 of a-z A-Z 0-9 : _ -',
      ),
    );
  });

  it('is not sent for a thing of another account, in which Cordon does nothing', async () => {
    const { cases } = fakeCases();
    const { sent, commands } = fakeQueue();
    const target = { cases, refusals: { read: async () => undefined }, openCommands: async () => commands };

    await expect(
      act('release', '111122223333/eu-west-1/mything1', { waitSeconds: 0 }, target),
    ).rejects.toThrow('Cordon acts on things of the account and region that it runs in only');
    expect(sent).toEqual([]);
  });

  it('dates a dismissal, so that it is seen', () => {
    const dismiss = { type: 'dismiss', thingName: thingKey('mything1'), actor: 'ada' } as const;
    const open = { ...advance(undefined, alarm()), ledger: [], status: 'observed' } as Case;

    expect(advance(open, dismiss, { now: now + 1 })).toMatchObject({ status: 'closed', updatedAt: now + 1 });
  });
});

function unflushed(record: Case): Case {
  return {
    ...record,
    outbox: { ...record.outbox, timeline: [{ at: now, event: { code: 'text', what: 'closed' } }] },
  };
}
