import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { explain } from '../../cli/check';
import { readExamples } from '../../cli/detect/file';
import { compare } from '../../cli/detect/run';
import { parseConfiguration } from '../../shared/config/parse';
import { findPlaybook } from '../../shared/domain/guards/find-playbook';
import { listBlocks, listPages } from './pages';

/** Each case by its heading: a whole cordon.yml, and examples of the alerts that it causes. */
const cases = listPages()
  .filter(({ path }) => path.startsWith('docs/playbooks/'))
  .flatMap(({ text: page }) => page.split(/^## /m).slice(1))
  .map((text) => {
    const [title = ''] = text.split('\n', 1);
    const [configuration = '', examples] = listBlocks({ path: title, text }).map((block) => block.text);
    return { title, configuration, examples };
  });

describe('the pages of playbooks', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cordon-cookbook-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('have at least ten cases, and the list of cases links to each of them', () => {
    const list = listPages().find(({ path }) => path === 'docs/playbooks.md')?.text ?? '';
    const linked = [...list.matchAll(/^\| \[[^\]]+\]\(playbooks\/\w+\.md#([\w-]+)\)/gm)].map(
      ([, anchor]) => anchor,
    );
    const anchors = cases.map(({ title }) => title.toLowerCase().replaceAll(',', '').replaceAll(' ', '-'));

    expect(cases.length).toBeGreaterThanOrEqual(10);
    expect(linked.toSorted()).toEqual(anchors.toSorted());
    expect(list).toContain(`these ${{ 14: 'fourteen' }[cases.length] ?? cases.length} examples`);
  });

  it.each(cases)(
    '$title: its cordon.yml is valid, and every behavior has a playbook of its own',
    async (one) => {
      const file = join(folder, 'cordon.yml');
      await writeFile(file, one.configuration);

      const { securityProfiles, playbooks } = parseConfiguration(one.configuration, file);

      const lines = explain(file).split('\n');
      expect(lines[0]).toBe(`${file} is valid.`);
      const used = Object.entries(securityProfiles).flatMap(([securityProfileName, { behaviors }]) =>
        behaviors.flatMap(({ name, metric }) => {
          const alarm = { securityProfileName, behaviorName: name, metric };
          const facts = { kind: 'unavailable', reason: '' } as const;
          return playbooks
            .filter((playbook) => findPlaybook([playbook], alarm, facts))
            .map((found) => found.name);
        }),
      );
      expect(used).toEqual(playbooks.map(({ name }) => name));
    },
  );

  it.each(cases.filter(({ examples }) => examples !== undefined))(
    '$title: its examples cause exactly the alerts that it lists',
    async ({ configuration, examples = '' }) => {
      const file = join(folder, 'examples.yml');
      const { customMetrics, securityProfiles } = parse(configuration);
      await writeFile(
        file,
        stringify({ ...(customMetrics && { customMetrics }), securityProfiles, ...parse(examples) }),
      );

      const found = readExamples(file);

      expect(found.length).toBeGreaterThan(0);
      for (const example of found) {
        expect(example.alerts?.some(({ type }) => type === 'in-alarm')).toBe(true);
        expect(compare(example).differences).toEqual([]);
      }
    },
  );

  it('leave out examples only if AWS alone sees the metric', async () => {
    for (const { configuration } of cases.filter(({ examples }) => examples === undefined)) {
      const file = join(folder, 'cordon.yml');
      await writeFile(file, configuration);
      expect(explain(file)).toContain('only Device Defender, which has this metric');
    }
  });
});
