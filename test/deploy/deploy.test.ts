import { join } from 'node:path';
import { root } from '../infra/template/template';
import { type AwsServer, startAwsServer } from './aws-server';
import { type Checkout, openCheckout } from './checkout';

let aws: AwsServer;
let checkout: Checkout;

beforeAll(() => {
  checkout = openCheckout();
});
afterAll(() => checkout.close());

beforeEach(async () => {
  aws = await startAwsServer();
});
afterEach(() => aws.close());

const ofStandIn = () => ({
  AWS_ENDPOINT_URL: aws.url,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  SLS_AWS_MONITORING_FREQUENCY: '20',
});
const sls = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  checkout.sls(args, { ...env, ...ofStandIn() });
const slsAlone = (args: readonly string[]) => checkout.slsAlone(args, ofStandIn());

/** Deploys the package that the other tests use too, which is quicker than `deploy` alone. */
const packaged = ['deploy', '--stage', 'dev', '--package', 'packages'];

const statusOf = (stack = 'cordon-dev') => aws.account.stacks.get(stack)?.status;

describe('npx sls deploy', () => {
  it('says what to do after a first deploy that could not even make its bucket, and leaves nothing behind after one that failed later', async () => {
    aws.account.broken.add('ServerlessDeploymentBucket');
    const failed = await sls(packaged);
    expect(failed.said).toContain('Internal Failure');
    expect(statusOf()).toBe('ROLLBACK_COMPLETE');

    const again = await sls(packaged);
    expect(again.said).toContain('in ROLLBACK_COMPLETE');
    expect(again.code).not.toBe(0);

    const removal = await sls(['remove', '--stage', 'dev']);
    expect(removal.code === 0 ? 'removed' : removal.said).toBe('removed');

    aws.account.broken.add('RespondLambdaFunction');
    const later = await sls(packaged);
    expect(later.said).toContain('Internal Failure');
    expect([...aws.account.taken.values()].map(({ logicalId }) => logicalId).toSorted()).toEqual([
      'ServerlessDeploymentBucket',
      'ServerlessDeploymentBucketPolicy',
    ]);

    const third = await sls(packaged);
    expect(third.code === 0 ? 'deployed' : third.said).toBe('deployed');
  }, 300_000);

  it('completes in an empty account, again with another parameter, and is removed', async () => {
    const first = await slsAlone(['deploy', '--stage', 'dev']);
    expect(first.code === 0 ? 'deployed' : first.said).toBe('deployed');
    expect(statusOf()).toBe('UPDATE_COMPLETE');
    expect(aws.account.find('cordon-dev').parameters).toMatchObject({ OidcGroupClaim: 'groups' });

    const second = await sls(['deploy', '--stage', 'dev', '--param=oidcGroupClaim=roles']);
    expect(second.code === 0 ? 'deployed' : second.said).toBe('deployed');
    expect(aws.account.find('cordon-dev').parameters).toMatchObject({ OidcGroupClaim: 'roles' });

    const removal = await sls(['remove', '--stage', 'dev']);
    expect(removal.code === 0 ? 'removed' : removal.said).toBe('removed');
    expect([...aws.account.taken.values()].map(({ logicalId }) => logicalId).toSorted()).toEqual([
      'ProvisionLogGroup',
      'Table',
    ]);

    const blocked = await sls(packaged);
    expect(blocked.said).toContain(
      'table cordon-dev: to continue with the cases of an earlier stack, deploy with --param="table=adopt"',
    );
    expect(statusOf()).toBeUndefined();

    const again = await sls(['deploy', '--stage', 'dev', '--param=table=adopt']);
    expect(again.code === 0 ? 'deployed' : again.said).toBe('deployed');
    expect(aws.account.find('cordon-dev').events).toContainEqual(
      expect.objectContaining({ logicalId: 'Table', status: 'IMPORT_COMPLETE' }),
    );
  }, 300_000);

  it('deploys what was packaged before: all that a cordon.yml can ask for, in a stage with the longest name', async () => {
    const stage = 'eu-central-1-productions';
    const env = { CORDON_CONFIG: join(root, 'test', 'infra', 'template', 'everything.yml') };
    const asked = [
      'permissionsBoundary=arn:aws:iam::aws:policy/PowerUserAccess',
      'rolePath=/security/cordon/',
      'logKmsKeyArn=arn:aws:kms:us-east-1:000000000000:key/logs',
      'kmsKeyArn=arn:aws:kms:us-east-1:000000000000:key/data',
      'tags=team=security,Cost Center=12/34',
    ].map((parameter) => `--param=${parameter}`);
    const made = await sls(['package', '--stage', stage, '--package', 'everything', ...asked], env);
    expect(made.code === 0 ? 'packaged' : made.said).toBe('packaged');

    const astray = await sls(['deploy', '--stage', 'dev', '--package', 'everything']);
    expect(astray.said).toContain(`the package is for stage ${stage}, and this deploy is to dev`);
    expect(astray.code).not.toBe(0);
    const abroad = await sls([
      'deploy',
      '--stage',
      stage,
      '--package',
      'everything',
      '--region',
      'eu-west-1',
    ]);
    expect(abroad.said).toContain('the package is for region us-east-1, and this deploy is to eu-west-1');
    expect(aws.account.stacks.size).toBe(0);

    const deployed = await sls(['deploy', '--stage', stage, '--package', 'everything']);
    expect(deployed.code === 0 ? 'deployed' : deployed.said).toBe('deployed');
    expect(statusOf(`cordon-${stage}`)).toBe('UPDATE_COMPLETE');
    const { parameters, template } = aws.account.find(`cordon-${stage}`);
    expect(parameters).toMatchObject({ RolePath: '/security/cordon/' });
    expect(template?.Resources.RespondRole?.Properties).toMatchObject({
      Tags: expect.arrayContaining([{ Key: 'Cost Center', Value: '12/34' }]),
    });
    // The file that was packaged, and not that of the checkout.
    expect(deployed.said).toContain('all/none (all/registered-things)');
  }, 300_000);

  it('refuses the code of one function alone, before it asks for that function', async () => {
    const { code, said } = await sls(['deploy', 'function', '--function', 'respond', '--stage', 'dev']);

    expect(said).toContain('sls deploy function would replace only the code of one function');
    expect(code).not.toBe(0);
    expect(aws.calls.filter((call) => call.startsWith('lambda '))).toEqual([]);
  }, 180_000);

  it.each([
    [
      'a name',
      ['--param=KmsKeyArn=x'],
      '--param: no parameter is called "KmsKeyArn"; did you mean kmsKeyArn?',
    ],
    [
      'a parameter for what is packaged',
      ['--package', 'packages', '--param=email=a@example.com'],
      '--param has no effect on a package that is already made: give it to sls package instead',
    ],
  ])(
    'refuses %s that is wrong before it changes anything',
    async (_what, args, reason) => {
      const { code, said } = await sls(['deploy', '--stage', 'dev', ...args]);

      expect(said).toContain(reason);
      expect(code).not.toBe(0);
      expect(aws.calls.filter((call) => !call.startsWith('sts '))).toEqual([]);
    },
    180_000,
  );
});
