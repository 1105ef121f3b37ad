import type { Case } from '../../../shared/domain/case/case';
import { aConfiguration, aPlaybook, now } from '../../builders';
import { aWorldWithPolicies } from './all-actions-world';
import { alarm, anEngine, caseOf, operator, resume } from './story';

/** The fields that a later version of Cordon may add to each part of a case without a new schema. */
function withNews(record: Case): Case {
  const news = { addedLater: { by: 'a newer version' } };
  const violations = Object.entries(record.violations).map(([key, value]) => [key, { ...value, ...news }]);
  return {
    ...record,
    ...news,
    violations: Object.fromEntries(violations),
    ledger: record.ledger.map((entry) => ({ ...entry, ...news, prior: { ...entry.prior, ...news } })),
    facts: record.facts && { ...record.facts, ...news },
    outbox: { ...record.outbox, ...news },
  } as Case;
}

function countNews(record: Case): number {
  return JSON.stringify(record).split('addedLater').length - 1;
}

describe('a function of an older version', () => {
  it('keeps unknown fields in a case that a newer one wrote', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world);
    await engine(alarm());
    const stored = world.stored.items.get('mything1');
    if (!stored) throw new Error('no case');
    world.stored.items.set('mything1', { ...stored, value: withNews(stored.value) });
    const news = countNews(caseOf(world));
    expect(news).toBe(8);

    const kept: number[] = [];
    for (const command of [
      alarm({ occurredAt: now + 1, value: { number: 3 } }),
      alarm({ behaviorName: 'another', violationId: 'v2' }),
      resume,
      alarm({ eventType: 'alarm-cleared', occurredAt: now + 2 }),
      operator('release'),
    ]) {
      await engine(command);
      kept.push(countNews(caseOf(world)));
    }

    expect(kept).toEqual([news, news, news, news, news]);
    expect(caseOf(world).status).toBe('closed');
  });
});

describe('a function of a version without an action', () => {
  it('leaves a case unchanged that holds its thing by that action, and says which version to deploy', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world);
    await engine(alarm());
    const stored = world.stored.items.get('mything1');
    if (!stored) throw new Error('no case');
    const ledger = stored.value.ledger.map((entry) => ({ ...entry, action: 'added-later' as never }));
    const value = { ...stored.value, ledger, dueAt: now };
    world.stored.items.set('mything1', { ...stored, value });

    for (const command of [resume, operator('release')])
      for (const attempt of [1, 10])
        await expect(engine(command, { attempt })).rejects.toThrow(
          "a newer Cordon wrote the action added-later, which this one doesn't know: deploy that version",
        );

    expect(caseOf(world).ledger).toEqual(ledger);
  });
});

describe('a changed cordon.yml', () => {
  it('releases by the rule of the containment, and restores everything that was done', async () => {
    const world = aWorldWithPolicies();
    const before = aConfiguration({
      playbooks: [
        aPlaybook({ name: 'old', actions: ['quarantine', 'deactivate-certificate', 'disconnect'] }),
      ],
    });
    const after = aConfiguration({
      playbooks: [aPlaybook({ name: 'new', actions: ['job'], mode: 'observe', release: { after: 1 } })],
    });
    await anEngine(world, { configuration: before })(alarm());
    const engine = anEngine(world, { configuration: after });
    await engine(alarm({ behaviorName: 'renamed', violationId: 'v2' }), { id: 'renamed' });
    await engine(resume, { id: 'verified' });

    expect(caseOf(world)).toMatchObject({
      status: 'contained',
      playbook: 'old',
      release: { by: 'operator' },
    });
    await engine(operator('release'), { id: 'released' });
    expect(caseOf(world).status).toBe('closed');
    expect(world.certificates.statuses.get('a'.repeat(64))).toBe('ACTIVE');
    expect([...world.registered.find('mything1').groups]).toEqual(['sensors']);
  });
});
