import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findLate,
  type Gap,
  judgeOutcomes,
  type Outcome,
  readGaps,
  writeOutcome,
} from '../../scripts/third-party/gaps';
import {
  installServer,
  type Server,
  ServerError,
  servers,
  startServer,
} from '../../scripts/third-party/servers';
import { root } from '../docs/pages';

const known: Gap = {
  step: 'contract',
  what: 'TestAuthorization',
  reason: 'the server has no such operation',
};
const unknown: Outcome = { step: 'contract', what: 'TestAuthorization', verdict: 'unknown' };
const held: Outcome = { step: 'deploy', what: 'sls deploy', verdict: 'held' };

describe('the check against servers of others', () => {
  it('passes if all held, or is a known gap', () => {
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

  it.each<[string, Outcome, string | undefined]>([
    [
      'an answer that did not come in time',
      { ...held, verdict: 'wrong', detail: 'no answer within 20 s' },
      'deploy: sls deploy was out of time',
    ],
    [
      'a request that was given up',
      { ...held, verdict: 'wrong', what: 'it is unread (AbortError: Request aborted)' },
      'deploy: it is unread (AbortError: Request aborted) was out of time',
    ],
    ['a wrong answer', { ...held, verdict: 'wrong', detail: 'ValidationError: no' }, undefined],
    ['a held step that waited', { ...held, detail: 'no answer within 20 s, then one' }, undefined],
  ])('distinguishes a busy machine from a fault: %s', (_, outcome, reason) => {
    expect(findLate([held, outcome])).toBe(reason);
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

describe('a server of others in CI', () => {
  const server: Server = {
    name: 'none',
    packages: ['cordon-no-such-package'],
    program: 'none',
    start: () => ({ args: [], env: {} }),
  };

  it('is skipped with the reason if it can’t be installed in time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cordon-third-party-'));
    try {
      expect(installServer(server, folder, 1)).toMatch(
        /Python 3\.10 or later|can't be installed within 0\.001 s/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is not installed again once it is there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cordon-third-party-'));
    try {
      mkdirSync(join(folder, 'none'));
      writeFileSync(join(folder, 'none', 'installed'), '');
      // Without Python, the function says so and does not look.
      expect(installServer(server, folder, 20_000) ?? 'there').toMatch(/^there$|Python 3\.10 or later/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('that ends by itself is distinguished from one that answers wrong', async () => {
    const broken = {
      ...server,
      start: () => ({ args: ['-e', 'console.error("no port"); process.exit(3)'], env: {} }),
    };
    const failure = await startServer(broken, process.execPath).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServerError);
    expect(String(failure)).toMatch(/: it ended with exit code 3: no port$/);
  });
});
