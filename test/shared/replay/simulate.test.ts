import fc from 'fast-check';
import type { ActionName } from '../../../shared/domain/actions/registry';
import type { Configuration } from '../../../shared/domain/configuration';
import type { Violation } from '../../../shared/domain/findings/violation';
import { thingKey } from '../../../shared/domain/thing-ref';
import { simulate } from '../../../shared/replay/simulate';
import { aConfiguration, aPlaybook, aViolation, now, someFacts } from '../../builders';
import { anEngine } from '../../functions/respond/story';
import { aWorld, type World } from '../../world';

const minute = 60_000;

function run(violations: readonly Violation[], configuration: Configuration = aConfiguration()) {
  const steps = simulate({ configuration, violations, factsOf: () => someFacts(), fleetSize: undefined });
  const done: number[] = [];
  for (;;) {
    const step = steps.next();
    if (step.done) {
      expect(done).toEqual(violations.slice(1).map((_, index) => index + 1));
      return Object.fromEntries(step.value);
    }
    done.push(step.value);
  }
}

function withPlaybook(over: Parameters<typeof aPlaybook>[0]): Configuration {
  return aConfiguration({ playbooks: [aPlaybook(over)] });
}

const held = {
  outcome: 'contained',
  playbook: 'spawned-child',
  actions: ['disconnect', 'quarantine'],
  reason: undefined,
  containments: 1,
  questions: 0,
  releases: 0,
};

describe('a simulated response', () => {
  it('contains what the playbook enforces', () => {
    expect(
      run([aViolation(), aViolation(), aViolation({ eventType: 'alarm-cleared', occurredAt: now })]),
    ).toEqual({
      mything1: held,
    });
  });

  it('only records what the playbook excepts by its evidence, until a child appears that is no exception', () => {
    const unless = [{ executable: '/usr/bin/curl', arguments: ['-V'] }];
    const reporter = { clientId: 'mything1', principal: 'a'.repeat(64) };
    const metric = 'num_child_procs_myapp';
    const curl = { metric, executable: '/usr/bin/curl', commandLine: 'curl -V', argumentCount: 1 };
    const excepted = aViolation({ reporter, evidence: [curl] });
    const shell = aViolation({
      ...{ reporter, occurredAt: now, evidence: [{ ...curl, executable: '/bin/sh' }] },
    });

    expect(run([excepted], withPlaybook({ unless }))).toMatchObject({
      mything1: { outcome: 'observed', reason: 'playbook spawned-child excepts it: /usr/bin/curl -V' },
    });
    expect(run([excepted, shell], withPlaybook({ unless }))).toMatchObject({
      mything1: { outcome: 'contained', containments: 1 },
    });
  });

  it('is nothing for a clear without an alarm', () => {
    expect(run([aViolation({ eventType: 'alarm-cleared' })])).toEqual({});
  });

  it('takes no further place in the fleet limit for a thing whose containment is hardened', () => {
    const guards = { ...aConfiguration().guards, fleetLimit: { things: 1, within: 10 * minute } };
    const harder: readonly ActionName[] = ['disconnect', 'quarantine', 'deny-certificate'];
    const playbooks = [
      aPlaybook({ name: 'harder', when: { behavior: 'worse' }, actions: [...harder] }),
      aPlaybook(),
    ];
    const events = [
      aViolation({ thingName: 'a', occurredAt: now }),
      aViolation({ thingName: 'a', occurredAt: now + 11 * minute, behaviorName: 'worse' }),
      aViolation({ thingName: 'b', occurredAt: now + 12 * minute }),
    ];

    expect(run(events, aConfiguration({ guards, playbooks }))).toMatchObject({
      a: { outcome: 'contained', actions: harder, containments: 1 },
      b: { outcome: 'contained' },
    });
  });

  it('asks beyond the fleet limit until the window has passed', () => {
    const guards = { ...aConfiguration().guards, fleetLimit: { things: 2, within: 10 * minute } };
    const at = (thingName: string, occurredAt: number) => aViolation({ thingName, occurredAt });
    const events = [at('a', now), at('b', now + 1), at('c', now + 2), at('d', now + 10 * minute)];

    expect(run(events, aConfiguration({ guards }))).toEqual({
      a: held,
      b: held,
      c: {
        ...held,
        outcome: 'asked',
        actions: [],
        reason: 'the fleet limit is reached: 2 things within 10 minutes',
        containments: 0,
        questions: 1,
      },
      d: held,
    });
  });

  it('is released by time, contained again by the next alarm, and escalated', () => {
    const configuration = withPlaybook({
      release: { after: 5 * minute },
      escalate: { afterContainments: 1, within: 60 * minute, actions: ['deactivate-certificate'] },
    });
    const events = [0, 4, 9, 20].map((at) =>
      aViolation({ violationId: `v${at}`, occurredAt: now + at * minute, eventType: 'in-alarm' }),
    );

    expect(run(events, configuration)).toEqual({
      mything1: {
        ...held,
        actions: ['deactivate-certificate', 'disconnect', 'quarantine'],
        containments: 3,
        releases: 2,
      },
    });
  });

  it('shows the strongest response to a thing', () => {
    const configuration = aConfiguration({
      playbooks: [
        aPlaybook({ name: 'watch', when: { behavior: 'other' }, mode: 'observe', actions: [] }),
        aPlaybook(),
      ],
    });
    const other = aViolation({ behaviorName: 'other', occurredAt: now });

    expect(run([other], configuration)).toEqual({
      mything1: {
        ...held,
        outcome: 'observed',
        playbook: 'watch',
        actions: [],
        reason: 'playbook watch only observes',
        containments: 0,
      },
    });
    expect(run([other, aViolation({ occurredAt: now + 1 })], configuration)).toEqual({ mything1: held });
  });
});

/** Takes the same violations through the real engine, the sweep's resumes in between. */
async function runEngine(world: World, violations: readonly Violation[], configuration: Configuration) {
  const engine = anEngine(world, { configuration });
  const counts: Record<string, { containments: number; questions: number; releases: number }> = {};
  const take = async (thingName: string, command: Parameters<typeof engine>[0]) => {
    const before = world.stored.items.get(thingName)?.value;
    await engine(command);
    const after = world.stored.items.get(thingName)?.value;
    // A clear whose alarm has not come opens no case.
    if (!after || (!counts[thingName] && after.status === 'closed')) return;
    counts[thingName] ??= { containments: 0, questions: 0, releases: 0 };
    const begins = before?.status !== after.status || before?.caseId !== after.caseId;
    if (begins && after.status === 'contained') counts[thingName].containments += 1;
    if (begins && after.status === 'awaiting-approval') counts[thingName].questions += 1;
    if (before?.status === 'contained' && after.status === 'closed') counts[thingName].releases += 1;
  };
  for (const violation of violations) {
    const { thingName, occurredAt } = violation;
    for (;;) {
      const dueAt = world.stored.items.get(thingName)?.value.dueAt;
      if (dueAt === undefined || dueAt > occurredAt) break;
      world.time.now = dueAt;
      await take(thingName, { type: 'resume', thingName: thingKey(thingName) });
    }
    world.time.now = occurredAt;
    await take(thingName, { type: 'violation', thingName: thingKey(thingName), violation });
  }
  return counts;
}

const things = ['mything1', 'mything2', 'mything3'];

const violations = fc
  .array(
    fc.record({
      thingName: fc.constantFrom(...things),
      behaviorName: fc.constantFrom('no-child-processes', 'other', 'asks'),
      eventType: fc.constantFrom('in-alarm', 'in-alarm', 'alarm-cleared', 'alarm-invalidated'),
      at: fc.integer({ min: 0, max: 120 }),
    }),
    { maxLength: 25 },
  )
  .map((rows) =>
    rows
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, ...over }, index) =>
        aViolation({
          ...over,
          violationId: `v${index}`,
          occurredAt: now + at * minute,
        } as Partial<Violation>),
      ),
  );

const releases = fc.constantFrom(
  { by: 'operator' as const },
  { after: 20 * minute },
  { clearedFor: 10 * minute },
);

describe('a simulation', () => {
  it('counts what the engine does with the same events', async () => {
    await fc.assert(
      fc.asyncProperty(
        violations,
        releases,
        fc.integer({ min: 1, max: 3 }),
        async (events, release, limit) => {
          const configuration = aConfiguration({
            playbooks: [
              aPlaybook({ name: 'watch', when: { behavior: 'other' }, mode: 'observe', actions: [] }),
              aPlaybook({ name: 'ask', when: { behavior: 'asks' }, mode: 'approve' }),
              aPlaybook({ release }),
            ],
            guards: {
              ...aConfiguration().guards,
              fleetLimit: { things: limit, within: 30 * minute },
              approvalExpires: 15 * minute,
            },
          });
          const world = aWorld();
          world.live.sessions.clear();
          // Certificates of their own: a shared one would be asked about.
          for (const [index, name] of things.entries())
            world.registered.register(name, {
              principals: [`arn:aws:iot:us-east-1:000000000000:cert/${index}`],
            });

          const counts = await runEngine(world, events, configuration);

          const simulated = run(events, configuration);
          expect(
            Object.fromEntries(
              Object.entries(simulated).map(([name, { containments, questions, releases: released }]) => [
                name,
                { containments, questions, releases: released },
              ]),
            ),
          ).toEqual(counts);
        },
      ),
      { numRuns: 60 },
    );
  });
});
