import type { Playbook } from '../../../../shared/domain/configuration';
import type { Sharing } from '../../../../shared/domain/facts';
import { findPlaybook } from '../../../../shared/domain/guards/find-playbook';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { aConfiguration, aPlaybook, aViolation, someFacts } from '../../../builders';
import { actionsOf, alarm, lead, toldOf } from '../lead-case';

const pumps = someFacts({ groups: ['pumps'], thingTypeName: 'pump', attributes: { site: 'oslo' } });

const matches = (
  when: Playbook['when'],
  violation = aViolation(),
  facts: Parameters<typeof findPlaybook>[2] = pumps,
) => findPlaybook([aPlaybook({ when })], violation, facts) !== undefined;

describe('a playbook', () => {
  it.each<[string, Playbook['when'], boolean]>([
    ['no condition', {}, true],
    ['its profile', { securityProfile: 'myapp-processes' }, true],
    ['another profile', { securityProfile: 'other' }, false],
    ['its behavior', { behavior: 'no-child-processes' }, true],
    ['another behavior', { behavior: 'other' }, false],
    ['its metric', { metric: 'num_child_procs_myapp' }, true],
    ['another metric', { metric: 'aws:num-listening-tcp-ports' }, false],
    ['a group of the thing', { thingGroup: 'pumps' }, true],
    ['another group', { thingGroup: 'sensors' }, false],
    ['the type of the thing', { thingType: 'pump' }, true],
    ['another type', { thingType: 'sensor' }, false],
    ['an attribute of the thing', { attribute: { site: 'oslo' } }, true],
    ['another value of it', { attribute: { site: 'bergen' } }, false],
    ['an attribute it has not', { attribute: { toString: 'oslo' } }, false],
    ['all of several', { thingGroup: 'pumps', thingType: 'pump', behavior: 'no-child-processes' }, true],
    ['one of several', { thingGroup: 'pumps', thingType: 'sensor' }, false],
  ])('matches by %s', (_, when, expected) => {
    expect(matches(when)).toBe(expected);
  });

  it.each([
    ['LOW', undefined, false],
    ['LOW', 'LOW', true],
    ['MEDIUM', 'LOW', false],
    ['MEDIUM', 'MEDIUM', true],
    ['MEDIUM', 'HIGH', true],
    ['HIGH', 'MEDIUM', false],
    ['HIGH', 'HIGH', true],
  ] as const)(
    'with a minimum confidence of %s matches as expected given %s',
    (confidence, given, expected) => {
      expect(matches({ confidence }, aViolation(given ? { confidence: given } : {}))).toBe(expected);
    },
  );

  it('with a thing type does not match a thing without a type', () => {
    expect(matches({ thingType: 'pump' }, aViolation(), someFacts())).toBe(false);
  });

  it('that matches hides those below it', () => {
    const playbooks = [
      aPlaybook({ name: 'pumps', when: { thingGroup: 'pumps' } }),
      aPlaybook({ name: 'rest', mode: 'observe' }),
      aPlaybook({ name: 'never' }),
    ];

    expect(findPlaybook(playbooks, aViolation(), pumps)?.name).toBe('pumps');
    expect(findPlaybook(playbooks, aViolation(), someFacts())?.name).toBe('rest');
  });
});

describe('while the thing cannot be looked up,', () => {
  const unknown = { kind: 'unavailable', reason: 'ThrottlingException: slow down' } as const;
  const configuration = aConfiguration({
    playbooks: [
      aPlaybook({ name: 'pumps', when: { thingGroup: 'pumps' }, actions: ['deactivate-certificate'] }),
      aPlaybook({ name: 'rest', mode: 'observe', actions: [] }),
    ],
  });

  it('the playbook that its group might select asks for approval, not the less strict one below', () => {
    const record = lead(undefined, alarm(), { configuration, facts: unknown });

    expect(record).toMatchObject({ status: 'awaiting-approval', playbook: 'pumps', ledger: [] });
    expect(describeCase(record).reason).toContain('ThrottlingException: slow down');
    expect(toldOf(record)).toEqual(['approval-needed']);
  });

  it('conditions on the violation itself still apply', () => {
    const other = aConfiguration({
      playbooks: [
        aPlaybook({ name: 'pumps', when: { thingGroup: 'pumps', behavior: 'other' } }),
        aPlaybook({ name: 'rest', mode: 'observe', actions: [] }),
      ],
    });

    expect(lead(undefined, alarm(), { configuration: other, facts: unknown })).toMatchObject({
      status: 'observed',
      playbook: 'rest',
    });
  });
});

describe('a thing that shares its certificate or policy', () => {
  const nobody: Sharing = { sharedWith: [] };
  const [principal] = someFacts().principals;
  const facts = (certificate: readonly string[], policy: Sharing) =>
    someFacts({
      principals: principal ? [{ ...principal, sharedWith: certificate }] : [],
      policies: [{ policyName: 'device', defaultVersionId: '1', ...policy }],
    });

  it.each<[string, Playbook['actions'], readonly string[], Sharing, number, boolean]>([
    ['by quarantine, whoever shares', ['quarantine'], ['b'], { sharedWith: ['b'] }, 1, true],
    ['alone', ['deny-certificate', 'replace-policy-version'], [], nobody, 1, true],
    ['with one more, of one allowed', ['deny-certificate'], ['b'], nobody, 1, false],
    ['with one more, of two allowed', ['deny-certificate'], ['b'], nobody, 2, true],
    ['with two more, of two allowed', ['deactivate-certificate'], ['b', 'c'], nobody, 2, false],
    [
      'by its certificate, if only the policy is shared',
      ['deny-certificate'],
      [],
      { sharedWith: ['b'] },
      1,
      true,
    ],
    ['by its policy, if it is shared', ['replace-policy-version'], [], { sharedWith: ['b'] }, 1, false],
    [
      'by its policy, if a group holds it',
      ['replace-policy-version'],
      [],
      { sharedWith: ['group pumps'], hasUncountedUsers: true },
      100,
      false,
    ],
    [
      'by its policy, if not all holders are known',
      ['replace-policy-version'],
      [],
      { sharedWith: ['b', '3 more'], hasUncountedUsers: true },
      100,
      false,
    ],
    [
      'by its policy, if a thing is named like a group',
      ['replace-policy-version'],
      [],
      { sharedWith: ['group-1'] },
      2,
      true,
    ],
  ])('is contained as expected %s', (_, actions, certificate, policy, maxThingsSharingPolicy, acts) => {
    const { guards } = aConfiguration();
    const configuration = aConfiguration({
      playbooks: [aPlaybook({ actions: [...actions] })],
      guards: { ...guards, maxThingsSharingPolicy },
    });

    const record = lead(undefined, alarm(), { configuration, facts: facts(certificate, policy) });

    expect(record.status).toBe(acts ? 'contained' : 'awaiting-approval');
    expect(actionsOf(record)).toEqual(acts ? actions : []);
  });
});
