import { join } from 'node:path';
import {
  type Gap,
  judgeOutcomes,
  type Outcome,
  readGaps,
  writeOutcome,
} from '../../scripts/third-party/gaps';
import { servers } from '../../scripts/third-party/servers';
import { root } from '../docs/pages';

const known: Gap = {
  step: 'contract',
  what: 'TestAuthorization',
  reason: 'the server has no such operation',
};
const unknown: Outcome = { step: 'contract', what: 'TestAuthorization', verdict: 'unknown' };
const held: Outcome = { step: 'deploy', what: 'sls deploy', verdict: 'held' };

describe('the check against servers of others', () => {
  it('passes where all held, or is a known gap', () => {
    expect(judgeOutcomes([held, unknown], [known])).toEqual({ unexpected: [], outdated: [] });
  });

  it.each<[string, Outcome]>([
    ['is unknown there', { ...unknown, what: 'GetConnection' }],
    ['is wrong', { ...unknown, step: 'drill', verdict: 'wrong' }],
  ])('fails on what %s and is not listed', (_, outcome) => {
    expect(judgeOutcomes([held, unknown, outcome], [known]).unexpected).toEqual([outcome]);
  });

  it.each<[string, readonly Outcome[]]>([
    ['holds now', [held, { ...unknown, verdict: 'held' }]],
    ['was not tried', [held]],
  ])('fails on a listed gap that %s, so that the list shrinks', (_, outcomes) => {
    expect(judgeOutcomes(outcomes, [known]).outdated).toEqual([known]);
  });

  it('prints the reason of a known gap, and the words of the server otherwise', () => {
    expect(writeOutcome(unknown, [known])).toMatch(
      /^unknown there +contract: TestAuthorization\n +known: the server has/,
    );
    expect(writeOutcome({ ...held, verdict: 'wrong', detail: 'exit 1' }, [known])).toMatch(
      /^wrong +deploy: sls deploy \(exit 1\)$/,
    );
  });

  it.each(servers.map(({ name }) => name))('lists the gaps of %s, each once and with a reason', (name) => {
    const gaps = readGaps(join(root, 'scripts', 'third-party', 'gaps.yml'), name);
    expect(gaps.length).toBeGreaterThan(0);
    expect(new Set(gaps.map(({ step, what }) => `${step} ${what}`)).size).toBe(gaps.length);
  });
});
