import fc from 'fast-check';
import { checkChain } from '../../../cli/cases/verify';
import type { ActionOptions } from '../../../functions/respond/perform';
import type { ActionName } from '../../../shared/domain/actions/registry';
import type { Case } from '../../../shared/domain/case/case';
import { isOpen } from '../../../shared/domain/case/case';
import type { Command } from '../../../shared/domain/decide/command';
import type { OperatorAction } from '../../../shared/domain/decide/operator-actions';
import { describeCase } from '../../../shared/domain/messages/describe-case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { certificateArn } from '../../builders';
import type { World } from '../../world';
import { allActions, aWorldWithPolicies, secondArn, withActions } from './all-actions-world';
import { alarm, anEngine, caseOf, operator, resume, shownCaseOf } from './story';

const idOf = (arn: string) => arn.slice(arn.indexOf('/') + 1);
const arns = [certificateArn, secondArn];
const deny = 'cordon-quarantine';

/** All of a thing that an action may change, one value each. */
function readState({ registered, policies, certificates }: World): Record<string, unknown> {
  const device = policies.stored.get('device');
  return {
    group: registered.registry.get('mything1')?.groups.has(deny) ?? false,
    ...Object.fromEntries(
      arns.flatMap((arn, index) => [
        [`deny ${index}`, policies.stored.get(deny)?.targets.has(arn)],
        [`status ${index}`, certificates.statuses.get(idOf(arn))],
      ]),
    ),
    device: device?.versions.get(device.defaultVersionId),
  };
}

/** What somebody may do by hand, with Cordon or without it. */
const hands: Readonly<Record<string, (world: World) => unknown>> = {
  join: ({ registered }) => registered.registry.get('mything1')?.groups.add(deny),
  leave: ({ registered }) => registered.registry.get('mything1')?.groups.delete(deny),
  attachDeny: ({ policies }) => policies.stored.get(deny)?.targets.add(certificateArn),
  detachDeny: ({ policies }) => policies.stored.get(deny)?.targets.delete(certificateArn),
  activate: ({ certificates }) => certificates.statuses.set(idOf(certificateArn), 'ACTIVE'),
  deactivate: ({ certificates }) => certificates.statuses.set(idOf(certificateArn), 'INACTIVE'),
  revoke: ({ certificates }) => certificates.statuses.set(idOf(certificateArn), 'REVOKED'),
  addCertificate({ registered, policies, certificates }) {
    const principals = registered.registry.get('mything1')?.principals;
    if (!principals?.includes(secondArn)) principals?.push(secondArn);
    if (!certificates.statuses.has(idOf(secondArn))) certificates.statuses.set(idOf(secondArn), 'ACTIVE');
    policies.stored.get('device')?.targets.add(secondArn);
  },
  takeCertificate({ registered }) {
    const principals = registered.registry.get('mything1')?.principals;
    if (principals?.includes(secondArn)) principals.splice(principals.indexOf(secondArn), 1);
  },
  deleteThing: ({ registered }) => registered.registry.delete('mything1'),
  registerAgain({ registered }) {
    if (!registered.registry.has('mything1')) registered.register('mything1');
  },
  deleteCertificate({ registered, policies, certificates }) {
    const principals = registered.registry.get('mything1')?.principals;
    if (principals?.includes(secondArn)) principals.splice(principals.indexOf(secondArn), 1);
    certificates.statuses.delete(idOf(secondArn));
    for (const { targets } of policies.stored.values()) targets.delete(secondArn);
  },
  deleteGroup: ({ registered }) => {
    registered.groups.delete(deny);
    for (const { groups } of registered.registry.values()) groups.delete(deny);
  },
  newVersion({ policies }) {
    const device = policies.stored.get('device');
    if (!device || device.versions.size >= 5) return;
    device.lastVersion += 1;
    device.versions.set(String(device.lastVersion), 'by hand');
    device.defaultVersionId = String(device.lastVersion);
  },
};

async function isOut({ certificates, ports }: World): Promise<boolean> {
  if (certificates.statuses.get(idOf(certificateArn)) !== 'ACTIVE') return true;
  return (await ports.things.testPublish(certificateArn, 'mything1', 'any')) === 'EXPLICIT_DENY';
}

const acts: readonly OperatorAction[] = ['contain', 'approve', 'reject', 'release', 'dismiss'];
const sets: readonly (readonly ActionName[])[] = [
  ['quarantine', 'disconnect'],
  ['deny-certificate', 'disconnect'],
  ['quarantine', 'deactivate-certificate', 'disconnect'],
  ['replace-policy-version', 'disconnect'],
  allActions.filter((action) => action !== 'job'),
];
const modes = ['enforce', 'approve'] as const;

type Move =
  | { readonly kind: 'hand'; readonly hand: string }
  | { readonly kind: 'alarm' | 'clear'; readonly behavior: string }
  | { readonly kind: 'act'; readonly act: OperatorAction }
  | { readonly kind: 'sweep' | 'reconnect' | 'switch' }
  | { readonly kind: 'rules'; readonly set: number; readonly mode: (typeof modes)[number] };

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant('hand' as const), hand: fc.constantFrom(...Object.keys(hands)) }),
  fc.record({
    kind: fc.constantFrom('alarm' as const, 'clear' as const),
    behavior: fc.constantFrom('a', 'b'),
  }),
  fc.record({ kind: fc.constant('act' as const), act: fc.constantFrom(...acts) }),
  fc.record({
    kind: fc.constantFrom('sweep' as const, 'sweep' as const, 'reconnect' as const, 'switch' as const),
  }),
  fc.record({
    kind: fc.constant('rules' as const),
    set: fc.nat({ max: sets.length - 1 }),
    mode: fc.constantFrom(...modes),
  }),
);

describe('a thing whose registry entry, rules and case change in any order', () => {
  it('is restored as it was or as somebody made it, never stuck, and with a complete timeline', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 14 }), async (moves) => {
        const world = aWorldWithPolicies();
        const shadow = aWorldWithPolicies();
        let options: Partial<ActionOptions> = { policyCacheMs: 1_000, ...withActions(sets[0] ?? []) };
        let count = 0;
        let before: Record<string, unknown> | undefined;
        const stored = (): Case | undefined => world.stored.items.get('mything1')?.value;
        const take = async (command: Command) => {
          count += 1;
          const held = isOpen(stored()) && (stored()?.ledger.length ?? 0) > 0;
          const found = readState(world);
          // This is the last delivery by the queue, in which failing steps are outcomes.
          await anEngine(world, options)(command, { id: `command-${count}`, attempt: 5 });
          const record = stored();
          if (!record) return;
          if (!held && record.ledger.length > 0) before = found;
          if (held && record.status === 'closed') {
            const exact = describeCase(record).reason === 'released: everything is as it was before';
            const allowed = [before ?? {}, readState(shadow)];
            const wrong = Object.entries(readState(world)).filter(
              ([name, value]) => !allowed.some((state) => state[name] === value),
            );
            if (exact) expect({ wrong, allowed }).toEqual({ wrong: [], allowed });
          }
          const rows = [...world.stored.timeline.values()].filter(({ caseId }) => caseId === record.caseId);
          expect(checkChain(record, rows, world.time.now).faults).toEqual([]);
        };
        for (const step of moves) {
          world.time.now += 10_000;
          const occurredAt = world.time.now;
          switch (step.kind) {
            case 'hand':
              hands[step.hand]?.(world);
              hands[step.hand]?.(shadow);
              break;
            case 'alarm':
            case 'clear':
              await take(
                alarm({
                  behaviorName: step.behavior,
                  violationId: `${count}`,
                  occurredAt,
                  eventType: step.kind === 'alarm' ? 'in-alarm' : 'alarm-cleared',
                }),
              );
              break;
            case 'act':
              await take({ ...operator('release'), type: step.act } as Command);
              break;
            case 'sweep': {
              const isDue = stored()?.dueAt !== undefined;
              world.time.now = Math.max(world.time.now, stored()?.dueAt ?? 0);
              await take(resume);
              // What a sweep has just verified is so.
              if (stored()?.status === 'contained' && isDue) expect(await isOut(world)).toBe(true);
              break;
            }
            case 'reconnect':
              world.live.sessions.set('mything1', occurredAt);
              await take({
                type: 'reconnected',
                thingName: thingKey('mything1'),
                clientId: 'mything1',
                connectedAt: occurredAt,
              });
              break;
            case 'switch':
              world.killSwitch = { state: world.killSwitch.state === 'on' ? 'off' : 'on' };
              break;
            case 'rules':
              options = { ...options, ...withActions(sets[step.set] ?? [], { mode: step.mode }) };
          }
        }
        world.time.now = Math.max(world.time.now, stored()?.dueAt ?? 0);
        for (const type of ['release', 'dismiss'] as const) if (isOpen(stored())) await take(operator(type));
        expect(stored()?.status ?? 'closed').toBe('closed');
      }),
      { numRuns: 200 },
    );
  });
});

describe('a planned denial that was never applied', () => {
  it('leaves a policy on release that somebody attached by hand meanwhile', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['deny-certificate', 'disconnect']));
    world.hook = (call, perform) =>
      call === 'connections.cut' || call === 'leases.load'
        ? Promise.reject(new Error('out of reach'))
        : perform();
    await expect(engine(alarm(), { id: 'alarm' })).rejects.toThrow('out of reach');
    world.hook = (_call, perform) => perform();
    world.killSwitch = { state: 'on' };
    world.policies.stored.get('cordon-quarantine')?.targets.add(certificateArn);

    await engine(operator('release'), { id: 'release' });

    expect(shownCaseOf(world)).toMatchObject({
      status: 'closed',
      reason: expect.stringContaining('certificate aaaaaaaa got cordon-quarantine meanwhile'),
    });
    expect([...(world.policies.stored.get('cordon-quarantine')?.targets ?? [])]).toEqual([certificateArn]);
  });
});

describe('an applied denial whose lease is gone from the table', () => {
  it('is detached by the release', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['deny-certificate', 'disconnect']));
    await engine(alarm(), { id: 'alarm' });
    expect([...(world.policies.stored.get('cordon-quarantine')?.targets ?? [])]).toEqual([certificateArn]);
    world.held.rows.clear();

    await engine(operator('release'), { id: 'release' });

    expect(shownCaseOf(world)).toMatchObject({
      status: 'closed',
      reason: 'released: everything is as it was before',
    });
    expect([...(world.policies.stored.get('cordon-quarantine')?.targets ?? [])]).toEqual([]);
  });
});

describe('an applied deactivation whose lease is gone from the table', () => {
  it('is left by the release, which blames nobody', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['deactivate-certificate', 'disconnect']));
    await engine(alarm(), { id: 'alarm' });
    world.held.rows.clear();

    await engine(operator('release'), { id: 'release' });

    expect(shownCaseOf(world).reason).toBe(
      'released: everything is as it was before, except for this: certificate aaaaaaaa is INACTIVE, and stays so: this case has no record of setting it',
    );
    expect(world.certificates.statuses.get('a'.repeat(64))).toBe('INACTIVE');
  });
});

describe('a plan that the kill switch keeps from being tried', () => {
  const actions = [
    'quarantine',
    'deny-certificate',
    'replace-policy-version',
    'deactivate-certificate',
  ] as const;
  const byHand: Readonly<Record<(typeof actions)[number], string>> = {
    quarantine: 'join',
    'deny-certificate': 'attachDeny',
    'replace-policy-version': 'newVersion',
    'deactivate-certificate': 'deactivate',
  };

  /** The switch is turned on once the plan is saved, and somebody changes by hand what the action would. */
  async function aWithheld(action: ActionName, hand: string) {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions([action, 'disconnect']));
    world.hook = (call, perform) => {
      if (call === 'cases.save') world.killSwitch = { state: 'on' };
      return perform();
    };
    await engine(alarm(), { id: 'alarm' });
    world.hook = (_call, perform) => perform();
    expect(shownCaseOf(world).ledger.map(({ status }) => status)).toEqual(['planned', 'planned']);
    hands[hand]?.(world);
    return { world, engine };
  }

  it.each([
    ['quarantine', 'the thing joined group cordon-quarantine meanwhile'],
    ['deny-certificate', 'certificate aaaaaaaa got cordon-quarantine meanwhile'],
    [
      'replace-policy-version',
      "the default version of policy device is 2, which is neither Cordon's nor 1 from before",
    ],
    [
      'deactivate-certificate',
      'certificate aaaaaaaa is INACTIVE, and stays so: this case has no record of setting it',
    ],
  ] as const)(
    'takes nothing back on release that somebody did by hand as %s would, and says so',
    async (action, left) => {
      const { world, engine } = await aWithheld(action, byHand[action]);
      const before = readState(world);

      await engine(operator('release'), { id: 'release' });

      expect(readState(world)).toEqual(before);
      expect(shownCaseOf(world)).toMatchObject({
        status: 'closed',
        reason: `released: everything is as it was before, except for this: ${left}`,
      });
    },
  );

  it.each([
    ['quarantine', 'leave', 'join', 'the thing left group cordon-quarantine meanwhile'],
    ['deny-certificate', 'detachDeny', 'attachDeny', 'certificate aaaaaaaa lost cordon-quarantine meanwhile'],
    [
      'deactivate-certificate',
      'revoke',
      undefined,
      'certificate aaaaaaaa was set REVOKED by somebody else, and stays so',
    ],
  ] as const)(
    'stops no release at what somebody did otherwise where %s did nothing',
    async (action, hand, first, left) => {
      const world = aWorldWithPolicies();
      if (first) hands[first]?.(world);
      const engine = anEngine(world, withActions([action, 'disconnect']));
      world.hook = (call, perform) => {
        if (call === 'cases.save') world.killSwitch = { state: 'on' };
        return perform();
      };
      await engine(alarm(), { id: 'alarm' });
      hands[hand]?.(world);

      await engine(operator('release'), { id: 'release' });

      expect(shownCaseOf(world)).toMatchObject({
        status: 'closed',
        reason: `released: everything is as it was before, except for this: ${left}`,
      });
    },
  );

  it.each([
    ...actions.map((action) => [action, 'the next look at the case', resume] as const),
    ...actions.map(
      (action) => [action, 'an alarm', alarm({ behaviorName: 'other', violationId: 'other' })] as const,
    ),
  ])(
    'finds anew, before it is carried out, what a release of %s restores, with %s',
    async (action, _, command) => {
      const { world, engine } = await aWithheld(action, byHand[action]);
      const before = readState(world);
      world.killSwitch = { state: 'off' };
      world.time.now = caseOf(world).dueAt ?? 0;

      await engine(command, { id: 'again' });
      expect([caseOf(world).status, await isOut(world)]).toEqual(['contained', true]);
      await engine(operator('release'), { id: 'release' });

      expect([caseOf(world).status, readState(world)]).toEqual(['closed', before]);
    },
  );

  it('is still untried if its release has to be delivered again', async () => {
    const { world, engine } = await aWithheld('quarantine', 'join');
    world.hook = (call, perform) =>
      call === 'things.listGroups' ? Promise.reject(awsError('ThrottlingException')) : perform();
    await expect(engine(operator('release'), { id: 'release' })).rejects.toThrow();
    world.hook = (_call, perform) => perform();

    await engine(operator('release'), { id: 'release', attempt: 2 });

    expect([caseOf(world).status, readState(world).group]).toEqual(['closed', true]);
  });

  it('is not treated as untried once a crash may have interrupted it', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['quarantine', 'disconnect']));
    world.hook = async (call, perform) => {
      if (call !== 'things.addToGroup') return perform();
      await perform();
      world.hook = () => Promise.reject(new Error('killed'));
      throw new Error('killed');
    };
    await expect(engine(alarm(), { id: 'alarm' })).rejects.toThrow('killed');
    world.hook = (_call, perform) => perform();
    world.killSwitch = { state: 'on' };
    await engine(alarm(), { id: 'alarm', attempt: 2 });
    world.killSwitch = { state: 'off' };
    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume, { id: 'again' });

    await engine(operator('release'), { id: 'release' });

    expect([caseOf(world).status, readState(world).group]).toEqual(['closed', false]);
  });
});

describe('a thing that Cordon put into the quarantine group', () => {
  it('leaves it on release even if AWS later refused to add it again', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['quarantine', 'disconnect']));
    await engine(alarm(), { id: 'alarm' });
    world.hook = (call, perform) =>
      call === 'things.addToGroup' ? Promise.reject(awsError('AccessDeniedException')) : perform();
    await engine({ type: 'resume', thingName: thingKey('mything1'), early: true }, { id: 'anew' });
    const [entry] = caseOf(world).ledger.filter(({ action }) => action === 'quarantine');
    expect([entry?.status, entry?.appliedAt]).toEqual(['failed', undefined]);

    await engine(operator('release'), { id: 'release' });

    expect([caseOf(world).status, readState(world).group]).toEqual(['closed', false]);
  });
});

describe('a plan that waited', () => {
  it('recognizes its own call after a crash interrupted a command that changes nothing', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['quarantine', 'disconnect']));
    world.hook = (call, perform) => {
      if (call === 'cases.save') world.killSwitch = { state: 'on' };
      return call === 'announcer.publish' ? Promise.reject(new Error('down')) : perform();
    };
    await expect(engine(alarm(), { id: 'alarm' })).rejects.toThrow('down');
    world.killSwitch = { state: 'off' };
    world.hook = async (call, perform) => {
      if (call !== 'things.addToGroup') return perform();
      await perform();
      world.hook = () => Promise.reject(new Error('killed'));
      throw new Error('killed');
    };
    await expect(engine(resume, { id: 'early' })).rejects.toThrow('killed');
    world.hook = (_call, perform) => perform();
    await engine(resume, { id: 'early', attempt: 2 });
    expect([caseOf(world).status, readState(world).group]).toEqual(['contained', true]);

    await engine(operator('release'), { id: 'release' });

    expect([caseOf(world).status, readState(world).group]).toEqual(['closed', false]);
  });
});

describe('a thing that somebody put into the quarantine group', () => {
  it('while the kill switch held the containment back stays there, as the timeline says', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['quarantine', 'disconnect']));
    world.killSwitch = { state: 'on' };
    await engine(alarm(), { id: 'alarm' });
    expect(caseOf(world).ledger).toEqual([]);
    hands.join?.(world);
    world.killSwitch = { state: 'off' };
    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume, { id: 'resume' });
    expect(caseOf(world).status).toBe('contained');

    await engine(operator('release'), { id: 'release' });

    expect([caseOf(world).status, readState(world).group]).toEqual(['closed', true]);
    const entries = [...world.stored.timeline.values()].flatMap((row) => row.entries);
    expect(entries).toContainEqual(
      expect.objectContaining({
        what: 'quarantine undone',
        detail: 'the thing stays in group cordon-quarantine, where it was before',
      }),
    );
  });

  it('after AWS had refused that to Cordon stays there, and the release says so', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['quarantine', 'disconnect']));
    world.hook = (call, perform) =>
      call === 'things.addToGroup'
        ? Promise.reject(awsError('LimitExceededException', 'ten groups'))
        : perform();
    await engine(alarm(), { id: 'alarm' });
    hands.join?.(world);

    await engine(operator('release'), { id: 'release' });

    expect([caseOf(world).status, readState(world).group]).toEqual(['closed', true]);
    expect(shownCaseOf(world).reason).toContain('the thing joined group cordon-quarantine meanwhile');
  });
});
