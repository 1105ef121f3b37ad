import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runExamples } from '../../cli/detect/run';
import { measureProcessorSeconds } from '../processor-time';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-detect-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function runText(text: string) {
  const file = join(folder, 'x.yml');
  await writeFile(file, text);
  const { text: said, isMatch } = runExamples([file]);
  return { lines: said.replaceAll(`${file}: `, '').split('\n'), isMatch };
}

const anExample = (rest: string) => `
customMetrics: { load: { type: number } }
securityProfiles:
  p:
    targets: [all/things]
    behaviors: [{ name: b, metric: load, criteria: { comparisonOperator: less-than, value: { number: 5 } } }]
examples:
  - name: one
    steps:
      - { at: 1m30s, metrics: { load: { number: 7 } } }
${rest}`;
const alarm =
  '{"at":"1m30s","thing":"mything1","profile":"p","behavior":"b","type":"in-alarm","value":{"number":7},"violation":"v1"}';

describe('cordon detect', () => {
  it('prints the alerts of an example without expectations', async () => {
    expect(await runText(anExample(''))).toEqual({
      lines: ['ok   one', `       ${alarm}`, '1 as expected, 0 not'],
      isMatch: true,
    });
  });

  it.each([
    [
      'what is missing',
      '[{ at: 90s, type: in-alarm }, { at: 2m, type: alarm-cleared }]',
      ['missing: {"at":"2m","type":"alarm-cleared"}'],
    ],
    [
      'what differs',
      '[{ at: 91s, type: in-alarm, value: { number: 8 } }]',
      ['alert 1: at is "1m30s", expected "1m31s"', 'alert 1: value is {"number":7}, expected {"number":8}'],
    ],
    ['what nobody expected', '[]', [`not expected: ${alarm}`]],
  ])('says %s', async (_, alerts, differences) => {
    expect(await runText(anExample(`    alerts: ${alerts}`))).toEqual({
      lines: [
        'FAIL one',
        `       ${alarm}`,
        ...differences.map((line) => `     ! ${line}`),
        '0 as expected, 1 not',
      ],
      isMatch: false,
    });
  });

  it.each([
    [
      'a time that is none',
      anExample('').replace('1m30s', 'soon'),
      /examples\.0\.steps\.0\.at: expected a time/,
    ],
    [
      'a step with two causes',
      anExample('').replace('metrics:', 'report: {}, metrics:'),
      /expected one of metrics, report, event/,
    ],
    ['steps out of order', anExample('      - { at: 1s }'), /steps\.1\.at: earlier than the step before/],
    [
      'a behavior that cordon.yml would not take',
      anExample('').replace('less-than,', 'in-set,'),
      /in-set does not fit load/,
    ],
    [
      'a report that the detector refuses',
      anExample('').replace('metrics: { load: { number: 7 } }', 'report: { custom_metrics: { load: 7 } }'),
      /a report was rejected: InvalidPayload/,
    ],
    ['broken YAML', 'examples: [', /x\.yml:1: /],
    [
      'a key that stands there twice',
      'examples: []\nabout: a\nabout: b',
      /x\.yml:3: Map keys must be unique/,
    ],
    ['an alias of nothing', 'about: a\nexamples: *absent', /x\.yml:2: Unresolved alias/],
    [
      'profiles that hold themselves',
      anExample('').replace('  p:', '  q: &a { b: *a }\n  p:'),
      /x\.yml: nested too deep/,
    ],
  ])('names what is wrong with %s', async (_, text, fault) => {
    await expect(runText(text)).rejects.toThrow(fault);
  });

  it('refuses a file at once, however many keys it has', async () => {
    const file = join(folder, 'x.yml');
    await writeFile(file, Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n'));

    const seconds = measureProcessorSeconds(() => {
      expect(() => runExamples([file])).toThrow(/x\.yml: examples: /);
    });

    expect(seconds).toBeLessThan(3);
  });

  it('says that a file does not exist', () => {
    expect(() => runExamples(['/nowhere.yml'])).toThrow("/nowhere.yml can't be read (ENOENT)");
  });
});
