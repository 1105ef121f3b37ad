import type { Case } from '../../../shared/domain/case/case';
import { holdsThing } from '../../../shared/domain/case/ledger-entry';
import type { CaseStatus } from '../../../shared/domain/case/status';
import { describeCase } from '../../../shared/domain/messages/describe-case';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { MitigationAction } from '../../../shared/mitigation/action';
import { mitigations } from '../../../shared/mitigation/registry';
import { connectTable } from '../../../shared/storage/table';
import { findTampering, type TimelineRow } from '../../../shared/timeline';
import { aConfiguration, aPlaybook, now } from '../../builders';
import { earlierClient, earlierItems } from '../../earlier-table';
import { idleActions } from '../../fakes-actions';
import { denyDocument } from '../../shared/mitigation/setting';
import type { World } from '../../world';
import { aWorldWithPolicies } from './all-actions-world';
import { anEngine, caseOf, operator, resume } from './story';

const denyPolicyName = 'cordon-dev-quarantine';
const { cases } = connectTable('cordon', earlierClient());

async function load(thingName: string) {
  const stored = await cases.load(thingKey(thingName));
  if (!stored) throw new Error(`the fixture has no case of ${thingName}`);
  return stored;
}

/** The registry as the case found it, with what the case did to it since. */
async function aWorldOf(thingName: string): Promise<World> {
  const stored = await load(thingName);
  const { facts, ledger, updatedAt } = stored.value;
  if (facts?.kind !== 'known') throw new Error(`nothing is known of ${thingName}`);
  const world = aWorldWithPolicies();
  world.time.now = updatedAt + 1_000;
  world.stored.items.set(thingName, stored);
  const principals = facts.principals.map(({ arn }) => arn);
  world.registered.register(thingName, { groups: new Set(facts.groups), principals });
  for (const group of facts.groups) world.registered.groups.add(group);
  for (const { certificateId } of facts.principals) world.certificates.statuses.set(certificateId, 'ACTIVE');
  world.policies.create(denyPolicyName, [denyDocument]);
  for (const { arn, policies } of facts.principals)
    for (const policyName of policies) world.policies.create(policyName, ['one'], [arn]);
  const context = {
    ...idleActions(),
    ...world.ports,
    knownIds: world.heard,
    thingName: thingKey(thingName),
    clientIds: [thingName],
    deniedAt: updatedAt,
    policyCacheMs: 0,
    denyPolicyName,
  };
  const done = ledger.filter(
    ({ status }) => status === 'applied' || status === 'verified' || status === 'conflict',
  );
  for (const { action, prior } of done) await (mitigations[action] as MitigationAction).apply(prior, context);
  return world;
}

const rowsOf = ({ caseId }: Case) =>
  earlierItems.filter(({ pk, sk }) => pk === `CASE#${caseId}` && /^\d/.test(sk)) as unknown as TimelineRow[];

const told = ({ told: announcements }: World) => announcements.map(({ kind, text }) => `${kind}: ${text}`);

describe('a case that an earlier release wrote in words', () => {
  it.each<[string, CaseStatus, string | undefined]>([
    ['observed-1', 'observed', 'playbook anything-else only observes'],
    ['exempt-1', 'observed', 'the thing is exempt: thing group life-support'],
    ['sharer-2', 'awaiting-approval', 'policy device is held by sharer-1, sharer-3 as well'],
    ['sharer-3', 'observed', 'rejected by ada: known'],
    ['all-1', 'contained', undefined],
    ['failed-1', 'containment-failed', 'InvalidRequestException: A thing can be in at most 10 groups.'],
    ['evading-1', 'containing', 'came back with cached rights; cut at each connect until 05:57:33 UTC'],
    [
      'changed-1',
      'release-conflict',
      'replace-policy-version: the default version of own-changed-1 is 3, which is neither ours nor 1 from before',
    ],
    ['released-1', 'closed', 'released: everything is as it was before'],
    ['dismissed-1', 'closed', 'dismissed by ada: a drill'],
  ])('can be read: %s is %s', async (thingName, status, reason) => {
    const { value } = await load(thingName);
    expect([value.status, describeCase(value).reason]).toEqual([status, reason]);
  });

  it.each(['all-1', 'tasked-1', 'grouped-up-1', 'failed-1', 'bridged-1', 'evading-1'])(
    'is released completely, and its timeline stays one chain: %s',
    async (thingName) => {
      const world = await aWorldOf(thingName);
      const before = await load(thingName);
      expect(holdsThing(before.value)).toBe(true);

      const engine = anEngine(world, { denyPolicyName });
      await engine(operator('release', thingName));

      const { facts } = before.value;
      const record = caseOf(world, thingName);
      expect(told(world)).toEqual(['released: everything is as it was before']);
      expect(record.status).toBe('closed');
      expect([...world.registered.find(thingName).groups]).toEqual(facts?.kind === 'known' && facts.groups);
      for (const { certificateId } of facts?.kind === 'known' ? facts.principals : [])
        expect(world.certificates.statuses.get(certificateId)).toBe('ACTIVE');
      const rows = [...rowsOf(record), ...world.stored.timeline.values()];
      expect(rows.length).toBeGreaterThan(1);
      expect(findTampering(rows, record.timelineHead)).toEqual([]);
    },
  );

  it('is contained by the approval that it waits for', async () => {
    const world = await aWorldOf('sharer-2');
    const [arn = ''] = world.registered.find('sharer-2').principals;
    const holder = arn.replace(/\/.*/, `/${'c'.repeat(64)}`);
    for (const name of ['sharer-1', 'sharer-3']) {
      const own = holder.replace(/c+$/, (name === 'sharer-1' ? 'c' : 'd').repeat(64));
      world.registered.register(name, { principals: [own] });
      world.policies.stored.get('device')?.targets.add(own);
    }
    const configuration = aConfiguration({
      playbooks: [aPlaybook({ name: 'everything', actions: ['replace-policy-version', 'disconnect'] })],
    });
    const engine = anEngine(world, { configuration, denyPolicyName });
    await engine(operator('approve', 'sharer-2'));

    expect(caseOf(world, 'sharer-2').status).toBe('contained');
    await engine(operator('release', 'sharer-2'));
    expect(caseOf(world, 'sharer-2').status).toBe('closed');
  });

  it('continues after a conflict that an operator has resolved', async () => {
    const world = await aWorldOf('changed-1');
    await anEngine(world, { denyPolicyName })(operator('release', 'changed-1'));

    expect(told(world)).toEqual(['released: everything is as it was before']);
    expect(caseOf(world, 'changed-1').status).toBe('closed');
  });

  it.each(['observed-1', 'exempt-1', 'sharer-3', 'changed-1'])('can be dismissed: %s', async (thingName) => {
    const world = await aWorldOf(thingName);
    await anEngine(world, { denyPolicyName })(operator('dismiss', thingName));

    expect(caseOf(world, thingName).status).toBe('closed');
    expect(told(world)).toEqual([expect.stringMatching(/^dismissed: dismissed by ada: checked/)]);
  });

  it.each([
    ['all-1', []],
    ['grouped-up-1', []],
    ['failed-1', []],
    [
      'evading-1',
      [
        'contained: the denial is verified; a certificate stays active, so each connect that AWS reports is cut until the policies have spread: certificate e3bfd70d is used by evading-2 as well',
      ],
    ],
  ])('is checked by the sweep, which announces nothing a second time: %s', async (thingName, news) => {
    const world = await aWorldOf(thingName);
    world.time.now = (await load(thingName)).value.dueAt ?? Number.NaN;
    await anEngine(world, { denyPolicyName })({ ...resume, thingName: thingKey(thingName) });

    expect(told(world)).toEqual(news);
  });

  it('sends its pending announcements, word for word', async () => {
    const world = await aWorldOf('all-1');
    const found = earlierItems.find(({ pk, sk }) => pk === 'THING#all-1' && sk === 'CASE');
    const at = world.time.now;
    const outbox = {
      announcements: [{ seq: 1, at, kind: 'contained', text: 'the denial is verified' }],
      timeline: [{ at, what: 'contained', detail: 'the denial is verified' }],
    };
    const owing = { ...found, pk: 'THING#all-1', sk: 'CASE', value: { ...(found?.value as object), outbox } };
    const stored = await connectTable('cordon', earlierClient([owing])).cases.load(thingKey('all-1'));
    if (!stored) throw new Error('no case');
    world.stored.items.set('all-1', stored);

    await anEngine(world, { denyPolicyName })({ ...resume, thingName: thingKey('all-1') });

    expect(told(world)).toEqual(['contained: the denial is verified']);
    expect([...world.stored.timeline.values()].map(({ entries }) => entries)).toEqual([outbox.timeline]);
  });

  it('appears in the list of closed cases', async () => {
    const { history } = connectTable('cordon', earlierClient(), { clock: () => now });
    const [closed] = (await history.listClosed(thingKey('released-1'))).cases;
    expect([closed?.status, closed && describeCase(closed).reason]).toEqual([
      'closed',
      'released: everything is as it was before',
    ]);
  });
});
