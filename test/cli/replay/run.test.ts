import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../../../cli/cli-error';
import { type ReplayFlags, runReplay } from '../../../cli/replay/run';
import type { Case } from '../../../shared/domain/case/case';
import { writeAlert } from '../../../shared/domain/findings/alert';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aConfiguration, minimalConfiguration, now, someFacts } from '../../builders';
import { aContainedCase, advance, alarm } from '../stored-cases';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-replay-'));
  await save('present.yml', minimalConfiguration);
});
afterEach(() => rm(folder, { recursive: true }));

async function save(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const behavior = Object.values(aConfiguration().securityProfiles)[0]?.behaviors[0];
const anAlert = (thingName: string, occurredAt: number) =>
  writeAlert({
    violationId: 'v1',
    thingName,
    securityProfileName: 'myapp-processes',
    eventType: 'in-alarm',
    occurredAt,
    behavior: behavior as never,
    value: { number: 1 },
    reporter: { clientId: thingName, principal: 'p' },
  });

const aside: string[] = [];
beforeEach(() => aside.splice(0));
const forbidden = () => {
  throw new Error('a replay of a file asks nobody');
};

function run(file: string | undefined, flags: ReplayFlags = {}, openTarget: () => never = forbidden) {
  const paths = { present: join(folder, 'present.yml'), ...flags };
  return runReplay(file, paths, { openTarget, clock: () => now, say: (text) => aside.push(text) });
}

const limited = `${minimalConfiguration}  fleetLimit: { things: 1, within: 10m }\n`;

describe('a replay of a file', () => {
  it('says what a candidate would do differently, to which things, and its assumptions', async () => {
    const candidate = await save('candidate.yml', limited);
    const file = await save(
      'alerts.jsonl',
      ['x\u001b[2J', anAlert('mything2', now + 1), anAlert('mything1', now), '{"auditDetails":[]}'].join(
        '\n',
      ),
    );

    expect((await run(file, { config: candidate })).replaceAll(folder, '.').split('\n')).toEqual([
      `2 alerts of 2 things, ${new Date(now).toISOString()} to ${new Date(now + 1).toISOString()}`,
      'Not alerts, ignored (such as Audit): 1 message',
      'Assumptions:',
      '  each action succeeds at once; no operator approves, rejects or releases; the kill switch is off',
      '  containments before the first alert do not count for escalation or the fleet limit',
      '  2 things without a recorded case: assumed to be registered, in no group, without type and attributes, with one certificate',
      '',
      'Candidate (./candidate.yml): contained 1 thing, asked about 1, only recorded 0',
      '  in total 1 containment, 1 question, 0 releases by time',
      '  spawned-child: contained 1, asked about 1, only recorded 0',
      '  1 asked about: the fleet limit is reached: 1 thing within 10 minutes',
      '',
      'Present (./present.yml): contained 2 things, asked about 0, only recorded 0',
      '  in total 2 containments, 0 questions, 0 releases by time',
      '  spawned-child: contained 2, asked about 0, only recorded 0',
      '',
      'Different for 1 thing:',
      '  mything2: asked about (spawned-child: the fleet limit is reached: 1 thing within 10 minutes); now contained (spawned-child: disconnect + quarantine)',
      '',
      'Rejected: 1',
      '  line 1: not JSON',
    ]);
  });

  it('says so if nothing would differ', async () => {
    const file = await save('alerts.jsonl', anAlert('mything1', now));

    const text = await run(file, { config: join(folder, 'present.yml') });

    expect(text).toMatch(/\nNo thing would be treated differently\.$/);
  });

  it('gives all of it as JSON, of the present file alone if no candidate is named', async () => {
    const file = await save('alerts.json', JSON.stringify([anAlert('mything1', now), 7]));
    const present = join(folder, 'present.yml');

    expect(JSON.parse(await run(file, { json: true }))).toEqual({
      alerts: 1,
      things: 1,
      firstAt: now,
      lastAt: now,
      rejected: [{ where: 'item 2', reason: 'not a JSON object' }],
      ignored: 0,
      assumptions: [
        expect.any(String),
        expect.any(String),
        expect.stringMatching(/^1 thing without a recorded case/),
      ],
      candidate: {
        file: present,
        contained: 1,
        asked: 0,
        observed: 0,
        containments: 1,
        questions: 0,
        releases: 0,
        byPlaybook: [{ playbook: 'spawned-child', contained: 1, asked: 0, observed: 0 }],
        reasons: [],
      },
      differences: [],
    });
  });

  it('takes a limit in percent of the given fleet size, or of one thing without one', async () => {
    const relative = await save(
      'relative.yml',
      `${minimalConfiguration}  fleetLimit: { things: 10, percent: 10, within: 10m }\n`,
    );
    const file = await save('alerts.jsonl', ['a', 'b', 'c'].map((name) => anAlert(name, now)).join('\n'));
    const count = async (flags: ReplayFlags) => {
      const { candidate, assumptions } = JSON.parse(
        await run(file, { present: relative, json: true, ...flags }),
      );
      return [candidate.contained, candidate.asked, assumptions.length];
    };

    expect([await count({}), await count({ fleetSize: 20 })]).toEqual([
      [1, 2, 4],
      [2, 1, 3],
    ]);
  });

  it('prints its progress on standard error, and cuts an endless list', async () => {
    const alerts = Array.from({ length: 25_001 }, (_, index) => anAlert(`thing${index % 60}`, now + index));
    const file = await save('alerts.jsonl', [...alerts, ...alerts.slice(0, 50).map(() => 'x')].join('\n'));
    const candidate = await save('candidate.yml', limited);

    const text = await run(file, { config: candidate });

    expect(text.match(/ {2}and \d+ more \(--json has all\)/g)).toEqual([
      '  and 19 more (--json has all)',
      '  and 10 more (--json has all)',
    ]);
    expect(aside.map((line) => line.replaceAll(folder, '.'))).toEqual([
      './alerts.jsonl: 25000 messages read',
      './candidate.yml: 25000 of 25001 alerts',
      './present.yml: 25000 of 25001 alerts',
    ]);
  });

  it.each([
    ['', 'no alert to replay'],
    ['x\ny', 'no alert among 2 messages; line 1: not JSON'],
    ['{"auditDetails":[]}', 'no alert among 1 message'],
  ])('fails if there is nothing to replay: %j', async (text, message) => {
    await expect(run(await save('alerts.jsonl', text))).rejects.toThrow(new CliError(message));
  });

  it.each([
    ['is not there', 'missing', undefined, "can't be read (ENOENT)"],
    ['is cut off', 'cut.json', '[{"a":', 'begins like a JSON array, but is not one: '],
  ])('fails if the file %s', async (_, name, text, message) => {
    const file = text === undefined ? join(folder, name) : await save(name, text);

    await expect(run(file)).rejects.toThrow(`${file}: ${message}`);
  });

  it('fails if neither or both of file and time are given', async () => {
    const error = new CliError('give either a FILE of alerts or --since, such as --since 7d');

    await expect(run(undefined)).rejects.toThrow(error);
    await expect(run('alerts.jsonl', { since: 1 })).rejects.toThrow(error);
  });
});

describe('a replay of the stored cases', () => {
  const exempt = someFacts({ groups: ['life-support'] });
  const stored: readonly Case[] = [
    aContainedCase().record,
    advance(undefined, alarm({ thingName: 'pump' }), {
      thingName: thingKey('pump'),
      facts: exempt,
      newCaseId: 'case-2',
    }),
  ];

  it('decides by the recorded facts of each thing, and only reads', async () => {
    const asked: string[] = [];
    const openTarget = () =>
      ({
        fleetLimit: {
          readSize: async () => {
            asked.push('fleet size');
            return { things: 40, countedAt: now };
          },
        },
        history: {
          scanCases: async (since: number) => {
            asked.push(`cases since ${since}`);
            return { cases: stored, damaged: ['broken'] };
          },
        },
      }) as never;
    const relative = await save(
      'relative.yml',
      `${minimalConfiguration}  fleetLimit: { things: 10, percent: 5, within: 10m }\n`,
    );

    const text = await run(undefined, { since: 1_000, present: relative }, openTarget);

    expect(text.split('\n').slice(2)).toEqual([
      '  each action succeeds at once; no operator approves, rejects or releases; the kill switch is off',
      '  containments before the first alert do not count for escalation or the fleet limit',
      '  a case keeps only the newest alarm of each behavior: earlier ones are not replayed',
      '  each thing has the groups, type, attributes and certificates that its newest case recorded',
      '',
      `Present (${relative}): contained 1 thing, asked about 0, only recorded 1`,
      '  in total 1 containment, 0 questions, 0 releases by time',
      '  spawned-child: contained 1, asked about 0, only recorded 1',
      '  1 only recorded: the thing is exempt: thing group life-support',
      '',
      'Rejected: 1',
      '  the case of broken: its item in the table is damaged',
    ]);
    expect(asked).toEqual([`cases since ${now - 1_000}`, 'fleet size']);
  });
});
