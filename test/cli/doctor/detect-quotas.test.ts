import { checkDetectQuotas } from '../../../cli/doctor/checks/detect-quotas';
import { parseConfiguration } from '../../../shared/config/parse';

const configuration = parseConfiguration(
  `
detector: device-defender
customMetrics: { children: { type: number } }
securityProfiles:
  app:
    targets: [all/registered-things, thinggroup/pumps]
    behaviors:
      - { name: none, metric: children, criteria: { comparisonOperator: less-than, value: { number: 1 } } }
playbooks: [{ name: any, mode: observe }]
`,
  'cordon.yml',
);

const count = (length: number) => Array.from({ length }, (_, index) => `other-${index}`);

async function look(metrics: readonly string[], ofPumps: readonly string[]) {
  const profilesOf = async (target: string) => (target === 'thinggroup/pumps' ? ofPumps : []);
  const found = await checkDetectQuotas(configuration, async () => ({ metrics, profilesOf })).run();
  return found.map(({ level, what }) => `${level} ${what}`);
}

const content = (metrics: number, profiles: number) =>
  `ok ${metrics} of 100 custom metrics, and at most ${profiles} of 5 security profiles of a target`;

describe('the check of the quotas of Device Defender', () => {
  it('counts each metric and profile of the account and of cordon.yml once', async () => {
    expect(await look(['children', 'theirs'], ['app', 'theirs'])).toEqual([content(2, 2)]);
    expect(await look([], [])).toEqual([content(1, 1)]);
    expect(await look([...count(99), 'children'], [])).toEqual([content(100, 1)]);
  });

  it('names the custom metrics and the target for which the next deploy would fail', async () => {
    expect(await look(count(100), count(5))).toEqual([
      'problem with those of cordon.yml, the account would have 101 custom metrics; by default, AWS allows 100',
      'problem thinggroup/pumps would have 6 security profiles (app, other-0, other-1, other-2, other-3, other-4); AWS allows 5',
    ]);
  });

  it('only notes if one more profile would be too many, or AWS has raised the quota of metrics', async () => {
    expect(await look([], ['app', ...count(4)])).toEqual([
      'note thinggroup/pumps has 5 security profiles (app, other-0, other-1, other-2, other-3); AWS allows 5',
      content(1, 5),
    ]);
    const [first] = await look(count(150), []);
    expect(first).toBe(
      'note with those of cordon.yml, the account would have 151 custom metrics; by default, AWS allows 100',
    );
    expect(await look([...count(150), 'children'], [])).toEqual([content(151, 1)]);
  });
});
