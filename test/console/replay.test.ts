import type { Client } from '../../console/api/client';
import { type Answer, type Progress, replayChange } from '../../console/replay/run';
import type { Case } from '../../shared/domain/case/case';
import { thingKey } from '../../shared/domain/thing-ref';
import { minimalConfiguration, now } from '../builders';
import { aContainedCase } from '../cli/stored-cases';

const { record } = aContainedCase();
const violationOf = (caseId: string) =>
  Object.fromEntries(
    Object.entries(record.violations).map(([key, violation]) => [key, { ...violation, caseId }]),
  );

/** The API with these cases, one a page. */
function aClient(cases: readonly Case[]) {
  const asked: string[] = [];
  const read = async (path: string) => {
    asked.push(path);
    const { searchParams } = new URL(path, 'http://localhost');
    const index = Number(searchParams.get('cursor') ?? 0);
    const next = index + 1 < cases.length ? { next: String(index + 1) } : {};
    return JSON.stringify({ cases: cases.slice(index, index + 1), ...next });
  };
  return { asked, client: { read } as unknown as Client };
}

const cases = ['pump-1', 'pump-2'].map((name) => ({
  ...record,
  ...{ thingName: thingKey(name), caseId: name, violations: violationOf(name) },
}));
const source = { text: minimalConfiguration, parameters: {} };

async function run(text: string, { client } = aClient(cases), signal = new AbortController().signal) {
  const told: Progress[] = [];
  const change = { source, text, since: now - 7 * 86_400_000, fleetSize: undefined };
  const answer: Answer = await replayChange(client, change, signal, (progress) => told.push(progress));
  return { answer, told };
}

describe('a replay in the page', () => {
  it('says what the edited copy would do differently, thing by thing and in numbers', async () => {
    const { answer, told } = await run(minimalConfiguration.replace('mode: enforce', 'mode: approve'));

    expect(answer).toEqual({
      outcome: expect.objectContaining({
        ...{ alerts: 2, things: 2 },
        before: expect.objectContaining({ contained: 2, asked: 0 }),
        after: expect.objectContaining({ contained: 0, asked: 2 }),
        differences: [
          {
            before: 'contained (spawned-child: disconnect + quarantine)',
            after: 'asked about (spawned-child: playbook spawned-child asks before it acts)',
            things: ['pump-1', 'pump-2'],
          },
        ],
      }),
    });
    expect(told.filter(({ stage }) => stage === 'reading')).toEqual([
      { stage: 'reading', cases: 1 },
      { stage: 'reading', cases: 2 },
    ]);
  });

  it('finds no difference if nothing was edited', async () => {
    const { answer } = await run(minimalConfiguration);
    expect(answer).toMatchObject({ outcome: { alerts: 2, differences: [] } });
  });

  it('asks for nothing but names lines and what to write there while the copy is wrong', async () => {
    const api = aClient(cases);
    const wrong = minimalConfiguration.replace('mode: enforce', 'mode: enforced');
    const line = wrong.split('\n').findIndex((text) => text.includes('enforced')) + 1;

    const { answer } = await run(wrong, api);

    expect(answer).toEqual({
      faults: [
        { line, text: expect.stringMatching(/^playbooks\.0\.mode: .*"observe"\|"approve"\|"enforce"/) },
      ],
    });
    expect((await run('detector: [', api)).answer).toEqual({
      faults: [{ line: 1, text: expect.any(String) }],
    });
    expect(api.asked).toEqual([]);
  });

  it('ends when it is canceled, before it reads the next page', async () => {
    const api = aClient(cases);
    const abort = new AbortController();
    const running = run(minimalConfiguration, api, abort.signal);
    abort.abort();

    await expect(running).rejects.toThrow('aborted');
    expect(api.asked).toHaveLength(1);
  });
});
