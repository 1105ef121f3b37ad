import fc from 'fast-check';
import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { certificateArn, changeCase } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies, withActions } from './all-actions-world';
import { alarm, anEngine, caseOf, operator, shownCaseOf } from './story';

const shared = [
  'deny-certificate',
  'replace-policy-version',
  'deactivate-certificate',
  'disconnect',
] as const;

/** The shared objects of the two things: one certificate, and its policy. */
function readShared({ policies, certificates }: World) {
  const device = policies.stored.get('device');
  return {
    denied: policies.stored.get('cordon-quarantine')?.targets.has(certificateArn),
    status: certificates.statuses.get('a'.repeat(64)),
    document: device?.versions.get(device.defaultVersionId),
  };
}

const free = { denied: false, status: 'ACTIVE', document: 'one' };
const held = { denied: true, status: 'INACTIVE', document: '{"deny":true}' };
const versionsOf = ({ policies }: World) => [...(policies.stored.get('device')?.versions.keys() ?? [])];

const playbook = withActions(shared);
const configuration = {
  ...playbook.configuration,
  guards: { ...playbook.configuration.guards, maxThingsSharingPolicy: 2 },
};

function aSharingWorld() {
  const world = aWorldWithPolicies();
  world.registered.register('mything2');
  const engine = anEngine(world, { configuration });
  return { world, engine };
}

const secondAlarm = () => alarm({ thingName: 'mything2', violationId: 'of-the-second' });

describe('two held things that share a certificate and its policy', () => {
  it.each([
    ['mything1', 'mything2'],
    ['mything2', 'mything1'],
  ])('are restored as they were by the last release, %s first', async (first, second) => {
    const { world, engine } = aSharingWorld();
    await engine(alarm());
    await engine(secondAlarm());

    await engine(operator('release', first));
    expect(readShared(world)).toEqual(held);
    expect(shownCaseOf(world, first).ledger.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([
        `certificate aaaaaaaa stays denied for ${second}`,
        `policy device stays denied for ${second}`,
      ]),
    );
    expect(shownCaseOf(world, second).status).toBe('contained');
    // No message says that all is as before while the device is still out.
    expect(shownCaseOf(world, first).reason).toBe(
      `released: everything is as it was before, except for this: certificate aaaaaaaa stays denied for ${second}; policy device stays denied for ${second}`,
    );
    expect(world.told.findLast(({ kind }) => kind === 'released')?.text).toContain(
      `stays denied for ${second}`,
    );

    await engine(operator('release', second));
    expect(readShared(world)).toEqual(free);
    expect(shownCaseOf(world, second).reason).toBe('released: everything is as it was before');
    expect([[...world.held.rows.keys()], versionsOf(world)]).toEqual([[], ['1']]);
    expect([caseOf(world, first).status, caseOf(world, second).status]).toEqual(['closed', 'closed']);
  });

  it('are not said to be changed by somebody else if the other’s case holds the certificate', async () => {
    const world = aWorldWithPolicies();
    world.registered.register('mything2');
    const engine = anEngine(world, withActions(['quarantine', 'disconnect']));
    await engine(alarm());
    await anEngine(world, { configuration })(secondAlarm());
    expect(world.certificates.statuses.get('a'.repeat(64))).toBe('INACTIVE');

    await engine(operator('release', 'mything1'));

    expect(shownCaseOf(world, 'mything1').reason).toBe(
      'released: everything is as it was before, except for this: certificate aaaaaaaa stays denied for mything2',
    );
  });

  it('do not wait for a thing whose case was dismissed in conflict', async () => {
    const { world, engine } = aSharingWorld();
    await engine(alarm());
    await engine(secondAlarm());
    // A dismissal in conflict leaves this case: closed, and still registered as a holder.
    const items = world.stored.items;
    const stored = items.get('mything2');
    if (!stored) throw new Error('no case');
    items.set('mything2', { ...stored, value: changeCase(stored.value, { status: 'closed' }) });

    await engine(operator('release', 'mything1'));
    expect(readShared(world)).toEqual(free);
  });

  it('do not prevent the end of a release if AWS refuses the denial for both', async () => {
    const { world, engine } = aSharingWorld();
    // A certificate has ten policies at most.
    world.hook = async (call, perform) => {
      if (call === 'policies.attach') throw awsError('LimitExceededException');
      return perform();
    };
    await engine(alarm());
    await engine(secondAlarm());

    await engine(operator('release', 'mything1'));

    expect(caseOf(world, 'mything1').status).toBe('closed');
  });

  it('are restored as they were, in whatever order their calls happen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { world, engine } = aSharingWorld();
        const { retried } = inAnyOrder(scheduler, world, engine);
        await scheduler.waitFor(Promise.all([retried(alarm(), 'a'), retried(secondAlarm(), 'b')]));
        expect(readShared(world)).toEqual(held);
        await scheduler.waitFor(
          Promise.all([retried(operator('release'), 'c'), retried(operator('release', 'mything2'), 'd')]),
        );
        expect(readShared(world)).toEqual(free);
        expect([[...world.held.rows.keys()], versionsOf(world)]).toEqual([[], ['1']]);
      }),
      { numRuns: 40 },
    );
  });

  it('keep one contained while the other is released, and are restored as they were, in whatever order their calls happen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { world, engine } = aSharingWorld();
        await engine(alarm());
        const { retried } = inAnyOrder(scheduler, world, engine);
        await scheduler.waitFor(
          Promise.all([retried(operator('release'), 'a'), retried(secondAlarm(), 'b')]),
        );
        // At worst, it was verified at the moment of the other's release. Then the sweep has it verified again.
        if (caseOf(world, 'mything2').status === 'containing') {
          world.time.now = caseOf(world, 'mything2').dueAt ?? 0;
          await scheduler.waitFor(retried({ type: 'resume', thingName: thingKey('mything2') }, 'r'));
        }
        expect([caseOf(world).status, caseOf(world, 'mything2').status]).toEqual(['closed', 'contained']);
        expect(readShared(world)).toEqual(held);
        await scheduler.waitFor(retried(operator('release', 'mything2'), 'c'));
        expect(readShared(world)).toEqual(free);
        expect([[...world.held.rows.keys()], versionsOf(world)]).toEqual([[], ['1']]);
      }),
      { numRuns: 100 },
    );
  });
});

type Engine = ReturnType<typeof anEngine>;

/** Lets the calls of commands that are handled at once fall in the scheduler's order, and delivers again what fails. */
function inAnyOrder(scheduler: fc.Scheduler, world: World, engine: Engine) {
  world.hook = async (call, perform) => {
    await scheduler.schedule(Promise.resolve(), call);
    return perform();
  };
  return {
    async retried(command: Parameters<Engine>[0], id: string) {
      for (let attempt = 1; attempt < 9; attempt += 1) {
        try {
          return await engine(command, { id, attempt });
        } catch {
          // Delivered again, as SQS does.
        }
      }
      throw new Error('never taken');
    },
  };
}
