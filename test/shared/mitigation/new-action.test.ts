import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { World } from '../../world';

/**
 * A copy of the sources with one more action: its two files, and its line in the registry of each. If any other file
 * needed the name of each action, this copy would fail.
 */

const root = join(import.meta.dirname, '../../..');
const copy = mkdtempSync(join(tmpdir(), 'cordon-new-action-'));

const descriptor = `
import type { ActionDescriptor } from './descriptor';

interface DetachPoliciesPrior {
  readonly action: 'detach-policies';
  readonly attachments: readonly { readonly arn: string; readonly policies: readonly string[] }[];
}

export const detachPolicies: ActionDescriptor<DetachPoliciesPrior> = {
  words: { does: 'detaches the policies of its certificates', release: 'attaches them again' },
  means: 'policy',
  touches: 'certificates',
  needsNaming: true,
  findPrior: ({ facts }) => ({
    action: 'detach-policies',
    attachments: facts.principals.map(({ arn, policies }) => ({ arn, policies })),
  }),
  listRestored: ({ attachments }) =>
    attachments.map(({ arn, policies }) => ({
      ...{ object: 'attached policy', name: arn },
      ...{ now: 'none attached', before: \`\${policies.join(', ')} attached\` },
    })),
  details: {
    none: () => 'no policy is attached',
    left: (...policies) => \`still there: \${policies.join(', ')}\`,
    back: () => 'the policies are back',
  },
};
`;

const mitigation = `
import { done, type MitigationAction, ownDetail, type PriorOf, unverified } from './action';

export const detachPolicies: MitigationAction<PriorOf<'detach-policies'>> = {
  rights: () => ({
    always: [{ actions: ['iot:AttachPrincipalPolicy'], resources: ['cert/*'] }],
    whenNamed: [{ actions: ['iot:DetachPrincipalPolicy'], resources: ['cert/*'] }],
  }),
  async apply({ attachments }, context) {
    for (const { arn, policies } of attachments)
      for (const policy of policies) await context.policies.detach(policy, arn);
    return done(ownDetail('detach-policies', 'none'));
  },
  async verify({ attachments }, { things }) {
    const left = await Promise.all(attachments.map(({ arn }) => things.listPolicies(arn)));
    return left.flat().length > 0
      ? unverified(ownDetail('detach-policies', 'left', ...left.flat()))
      : done(ownDetail('detach-policies', 'none'));
  },
  async revert({ attachments }, context) {
    for (const { arn, policies } of attachments)
      for (const policy of policies) await context.policies.attach(policy, arn);
    return done(ownDetail('detach-policies', 'back'));
  },
};
`;

function addLine(registry: string): void {
  const path = join(copy, registry);
  const text = readFileSync(path, 'utf8');
  const added = text.replace(/^ {2}job,$/m, "  job,\n  'detach-policies': detachPolicies,");
  expect(added).not.toBe(text);
  writeFileSync(path, `import { detachPolicies } from './detach-policies';\n${added}`);
}

/** A module of the copy. */
async function load<T>(path: string): Promise<T> {
  return (await import(join(copy, path))) as T;
}

const cordonYml = readFileSync(join(root, 'cordon.yml'), 'utf8').replace(
  'actions: [quarantine, disconnect]',
  'actions: [detach-policies, disconnect]',
);

type Respond = typeof import('../../functions/respond/story');
type Actions = typeof import('../../functions/respond/all-actions-world');

async function setUp() {
  const { alarm, anEngine, caseOf, operator } = await load<Respond>('test/functions/respond/story.ts');
  const { aWorldWithPolicies, withActions } = await load<Actions>(
    'test/functions/respond/all-actions-world.ts',
  );
  const world = aWorldWithPolicies();
  const engine = anEngine(world, withActions(['detach-policies', 'disconnect'] as never));
  return { world, engine, alarm, operator, caseOf: () => caseOf(world) };
}

const targetsOf = ({ policies }: World) => [...(policies.stored.get('device')?.targets ?? [])];

beforeAll(() => {
  for (const folder of ['shared', 'functions', 'infra', 'test', 'package.json', 'tsconfig.json'])
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'shared/domain/actions/detach-policies.ts'), descriptor);
  writeFileSync(join(copy, 'shared/mitigation/detach-policies.ts'), mitigation);
  addLine('shared/domain/actions/registry.ts');
  addLine('shared/mitigation/registry.ts');
});

afterAll(() => rmSync(copy, { recursive: true }));

describe('a new mitigation action of two files and a line in each registry', () => {
  it('satisfies the compiler without further changes', () => {
    const project = join(copy, 'tsconfig.new-action.json');
    const include = [
      'shared/domain',
      'shared/mitigation',
      'shared/config',
      'functions/respond/engine.ts',
      'infra',
    ];
    writeFileSync(project, JSON.stringify({ extends: './tsconfig.json', include }));

    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '--singleThreaded', '-p', project], {
      encoding: 'utf8',
    });

    expect(stdout).toBe('');
  });

  it('can be named in cordon.yml, and `check` shows it', async () => {
    const { parseConfiguration } =
      await load<typeof import('../../../shared/config/parse')>('shared/config/parse.ts');
    const { explainConfiguration } =
      await load<typeof import('../../../shared/config/explain')>('shared/config/explain.ts');

    expect(explainConfiguration(parseConfiguration(cordonYml, 'cordon.yml'))).toContain(
      'at once detach-policies + disconnect',
    );
  });

  it('is planned, applied, verified, announced and reverted', async () => {
    const { world, engine, alarm, operator, caseOf } = await setUp();
    const before = targetsOf(world);

    await engine(alarm());

    expect(targetsOf(world)).toEqual([]);
    expect(caseOf()).toMatchObject({
      status: 'contained',
      // A denial by policy: the session is cut first.
      ledger: [
        { action: 'disconnect', status: 'verified' },
        {
          action: 'detach-policies',
          status: 'verified',
          prior: { attachments: [{ arn: before[0], policies: ['device'] }] },
        },
      ],
    });
    expect(world.told).toMatchObject([
      {
        kind: 'contained',
        actions: [{ action: 'disconnect' }, { action: 'detach-policies', detail: 'no policy is attached' }],
      },
    ]);

    await engine(operator('release'));

    expect(targetsOf(world)).toEqual(before);
    expect(caseOf()).toMatchObject({
      status: 'closed',
      reason: { code: 'released', left: [] },
    });
  });

  it('is guarded if other things use the certificate that it changes', async () => {
    const { world, engine, alarm, caseOf } = await setUp();
    world.registered.register('mything2');

    await engine(alarm());

    expect(caseOf()).toMatchObject({
      status: 'awaiting-approval',
      reason: { code: 'shared', object: 'certificate', name: 'aaaaaaaa', holders: ['mything2'] },
      ledger: [],
    });
  });

  it('adds its IAM rights to the role of `respond`', async () => {
    const { parseConfiguration } =
      await load<typeof import('../../../shared/config/parse')>('shared/config/parse.ts');
    const { writeIotRights } = await load<typeof import('../../../infra/template/respond-rights')>(
      'infra/template/respond-rights.ts',
    );
    const rightsOf = (text: string) => JSON.stringify(writeIotRights(parseConfiguration(text, 'cordon.yml')));
    const unnamed = cordonYml.replace('detach-policies', 'quarantine');

    expect(rightsOf(cordonYml)).toContain('iot:DetachPrincipalPolicy');
    expect(rightsOf(unnamed)).not.toContain('iot:DetachPrincipalPolicy');
    expect(rightsOf(unnamed)).toContain('iot:AttachPrincipalPolicy');
  });
});
