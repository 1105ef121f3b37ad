import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning, waitUntil } from '../e2e/harness';
import { endTurn, takeTurn, turnTimeoutMs } from '../take-turn';
import { listBlocks, listCommands, listPages, root } from './pages';

/** Commands that this test does not run unchanged, each with the reason, and with the command that runs instead, if any. */
const exceptions: Readonly<Record<string, { readonly reason: string; readonly instead?: string }>> = {
  'npm start': {
    reason: 'runs until Ctrl-C; this test runs it with --serve, test/e2e/story.test.ts as it is',
  },
  'npm test': { reason: 'this test is a part of it' },
  'npm ci': { reason: 'downloads every package anew; CI begins with it' },
  "npx cordon --aws enroll mything1 --topic 'app/${thing}/*'": {
    reason: 'needs an account of AWS; docs/enrolling.md does the same on the local stack',
  },
  'npm run release': { reason: 'npm test builds the package in a check of its own' },
  'sha256sum --check --ignore-missing SHA256SUMS': {
    reason: 'belongs to a downloaded release; npm test compares the sums of two builds',
  },
  'npm install --global ./cordon-0.2.0.tgz': {
    reason: 'changes the machine; test/deploy/package.test.ts runs the package',
  },
  'cordon check': {
    reason: 'the command of the installed package; test/deploy/package.test.ts runs the package',
  },
  'cordon deploy --stage eu-prod --region eu-west-1': {
    reason: 'needs an account of AWS; test/deploy/package.test.ts runs it against a stand-in',
  },
  'python3 -m venv .cordon/fuzz && .cordon/fuzz/bin/pip install schemathesis': {
    reason: 'downloads a program that no test needs',
  },
  [listPages()
    .flatMap(listCommands)
    .find((command) => command.startsWith('.cordon/fuzz/bin/schemathesis run ')) ?? '']: {
    reason: 'takes minutes; test/functions/operate/fuzz.test.ts tries the same on a small scale',
  },
  'aws service-quotas request-service-quota-increase --service-code iotcore --quota-code L-AEA1E176 --desired-value 1112':
    { reason: 'asks AWS for more; the local stack raises no quota' },
  'aws securityhub get-findings --filters \'{"ProductName":[{"Value":"Cordon","Comparison":"EQUALS"}],"RecordState":[{"Value":"ACTIVE","Comparison":"EQUALS"}]}\'':
    {
      reason:
        'the local stack takes findings and lists none; test/e2e/channels.test.ts looks at what arrives',
    },
  'npx biome check .': { reason: 'a check of its own in npm test' },
  'npx tsc --noEmit -p .': { reason: 'a check of its own in npm test' },
  'npx knip --no-config-hints': { reason: 'a check of its own in npm test' },
  'npx sls deploy --stage dev': { reason: 'needs an account of AWS; its package is what every test runs' },
  'npx sls deploy --stage dev --param="oidcIssuer=https://YOUR-ISSUER" --param="oidcAudience=YOUR-CLIENT-ID"':
    {
      reason: 'needs an account of AWS; test/e2e/operate-tokens.test.ts deploys these parameters',
    },
  'npx sls deploy --stage eu-prod --param="permissionsBoundary=arn:aws:iam::ACCOUNT:policy/NAME" --param="rolePath=/cordon/" --param="tags=team=security,cost-center=1234"':
    { reason: 'needs an account of AWS; test/deploy and test/e2e/operate-tokens.test.ts deploy them' },
  'node dist/agent/cordon-agent.cjs --config things/mything3/config.yml': {
    reason: 'runs until it is stopped',
    instead: [
      'node dist/agent/cordon-agent.cjs --config things/mything3/config.yml 2> dist/agent.log & agent=$!',
      `until grep -q '"connected"' dist/agent.log; do kill -0 $agent || break; sleep 0.2; done`,
      'kill $agent; wait $agent',
    ].join('\n'),
  },
  'npx cordon show mything5': {
    reason: 'a reader runs it once the child has started',
    instead: "until npx cordon show mything5 2>&1 | grep '^mything5: contained'; do sleep 3; done",
  },
  'npx cordon release mything5': {
    reason: 'a reader runs it once the child has ended',
    instead: 'until npx cordon release mything5; do sleep 3; done',
  },
  'aws ssm put-parameter --name /cordon-dev/slack --overwrite --type SecureString --value xoxb-YOUR-BOT-TOKEN':
    {
      reason: 'the Slack of the local stack takes one token only, which the pages after this one need',
      instead:
        'aws ssm put-parameter --name /cordon-dev/slack --overwrite --type SecureString --value xoxb-local-stack',
    },
  'aws cloudformation deploy --stack-name cordon-provisioning --template-file provisioning.json --capabilities CAPABILITY_IAM --parameter-overrides ThingNamePrefix=sensor-':
    { reason: 'the local stack has no CloudFormation API; cfn-lint reads the template' },
  'npx sls deploy --stage dev --param="oidcIssuer=https://cognito-idp.REGION.amazonaws.com/POOL" --param="oidcAudience=CLIENT-ID" --param="oidcGroupClaim=cognito:groups"':
    {
      reason: 'needs an account of AWS; test/e2e/operate-tokens.test.ts deploys these parameters',
    },
  ...Object.fromEntries(
    [
      'POOL=$(aws cognito-idp create-user-pool --pool-name cordon --admin-create-user-config AllowAdminCreateUserOnly=true --username-attributes email --query UserPool.Id --output text)',
      'aws cognito-idp create-user-pool-domain --user-pool-id $POOL --domain cordon-YOUR-COMPANY',
      'aws cognito-idp create-user-pool-client --user-pool-id $POOL --client-name cordon-console --no-generate-secret --supported-identity-providers COGNITO --allowed-o-auth-flows-user-pool-client --allowed-o-auth-flows code --allowed-o-auth-scopes openid email --refresh-token-validity 12 --token-validity-units RefreshToken=hours --callback-urls "[\\"$CONSOLE/signed-in\\"]" --logout-urls "[\\"$CONSOLE/signed-out\\"]"',
      'aws cognito-idp create-group --user-pool-id $POOL --group-name cordon-operators',
      'aws cognito-idp admin-create-user --user-pool-id $POOL --username ada@example.com --user-attributes Name=email,Value=ada@example.com Name=email_verified,Value=true',
      'aws cognito-idp admin-add-user-to-group --user-pool-id $POOL --username ada@example.com --group-name cordon-operators',
    ].map((command) => [command, { reason: 'the local stack has no Cognito; moto 5.2.1 took it' }]),
  ),
  ...Object.fromEntries(
    [
      "PARAMETERS=$(aws cloudformation describe-stacks --stack-name cordon-dev --query 'Stacks[0].Parameters[].ParameterKey' --output text | tr '\\t' '\\n' | sed 's/.*/ParameterKey=&,UsePreviousValue=true/')",
      'aws cloudformation create-change-set --stack-name cordon-dev --change-set-name restore --use-previous-template --deployment-mode REVERT_DRIFT --capabilities CAPABILITY_NAMED_IAM --parameters $PARAMETERS',
      'aws cloudformation wait change-set-create-complete --stack-name cordon-dev --change-set-name restore',
      'aws cloudformation describe-change-set --stack-name cordon-dev --change-set-name restore',
      'aws cloudformation execute-change-set --stack-name cordon-dev --change-set-name restore',
      'aws cloudformation wait stack-update-complete --stack-name cordon-dev',
    ].map((command) => [command, { reason: 'the local stack has no change sets' }]),
  ),
};

const pages = listPages()
  .map((page) => ({ path: page.path, commands: listCommands(page) }))
  .filter(({ commands }) => commands.length > 0);

/** Programs that not every machine has, of those the pages use beside Node. */
const missing = ['aws', 'curl', 'openssl'].filter(
  (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
);
const readable = pages.filter(
  ({ commands }) =>
    !commands.some((command) => missing.some((name) => new RegExp(`\\b${name} `).test(command))),
);

/** A checkout with packages installed and the service packaged, as after `npm test`. */
let clone: string;
let untracked: readonly string[];
let stack: ChildProcess;
let log = '';

beforeAll(async () => {
  clone = mkdtempSync(join(tmpdir(), 'cordon-docs-'));
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  // Copies only the files in `dist` that packaging makes: other tests and a check write to `dist` at the same time.
  const packaged = ['.serverless', ...['agent', 'cli', 'console'].map((name) => join('dist', name))];
  for (const file of [...stdout.split('\0').filter(Boolean), ...packaged])
    if (existsSync(join(root, file)))
      cpSync(join(root, file), join(clone, file), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  // Makes the lock file look older than the installation: otherwise a script would run `npm ci` and empty the
  // checkout's packages through the link.
  utimesSync(join(clone, 'package-lock.json'), 0, 0);
  untracked = listUntracked();
  stack = spawn('npm', ['start', '--', '--serve'], {
    cwd: clone,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  for (const stream of [stack.stdout, stack.stderr])
    stream?.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
    });
  await waitUntil(
    () => `.cordon/local.json; the stack said ${log.slice(-2_000)}`,
    () => existsSync(join(clone, '.cordon', 'local.json')),
    120_000,
  );
}, 180_000);

afterAll(async () => {
  if (stack?.pid !== undefined && stack.exitCode === null) {
    const { pid } = stack;
    process.kill(-pid, 'SIGTERM');
    // npm may end before what it started, which still writes into the clone.
    await waitUntil(
      () => `the end of npm start: ${log.slice(-2_000)}`,
      () => !isRunning(-pid),
      60_000,
    );
  }
  if (clone) rmSync(clone, { recursive: true, force: true });
}, 180_000);

/** What `git status` would show as new in the clone. */
function listUntracked(): readonly string[] {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout;
  const folder = git('rev-parse', '--absolute-git-dir').trim();
  const listed = git(
    '--git-dir',
    folder,
    '--work-tree',
    clone,
    'ls-files',
    '-z',
    '--others',
    '--exclude-standard',
  );
  return listed.split('\0').filter(Boolean);
}

/** The local stack in place of the reader's account. */
function readAccount(): Readonly<Record<string, string>> {
  const { endpoint, credentials } = JSON.parse(
    readFileSync(join(clone, '.cordon', 'local.json'), 'utf8'),
  ) as { endpoint: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    // Version 1 of the AWS CLI reads this one alone.
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

/**
 * npx runs the `cordon` of the checkout. Only the first page uses npx itself, since npm takes longer than the command.
 */
const npxOnce = `npx() {
  if [ "$1" = cordon ] && [ -e "$ASKED" ]; then node bin/cordon.mjs "\${@:2}"; else touch "$ASKED"; command npx "$@"; fi
}`;

/** Several times as long as a page takes on a busy machine, without the wait for its turn. */
const pageTimeoutMs = 300_000;

/** Runs a page from its first command to its last in one shell, as a reader would. */
async function read(commands: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const script = commands.map((command) => {
    const { instead = command } = exceptions[command] ?? {};
    return instead === command && exceptions[command] ? '' : instead;
  });
  const shell = spawn(
    'bash',
    ['-c', ['set -eE', `trap 'echo "FAILED: $BASH_COMMAND"' ERR`, npxOnce, ...script].join('\n')],
    {
      cwd: clone,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...readAccount(), ASKED: join(clone, 'dist', 'npx-asked') },
      // A group of its own, so that a page that never ends leaves no loop and no agent behind, which would hold the turn.
      detached: true,
    },
  );
  let said = '';
  for (const stream of [shell.stdout, shell.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  const limit = setTimeout(() => {
    said += `\nFAILED: it did not end within ${pageTimeoutMs / 1_000} s`;
    if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
  }, pageTimeoutMs);
  const [code] = await once(shell, 'close');
  clearTimeout(limit);
  return { code: code ?? 1, said: said.slice(-3_000) };
}

describe('a reader who follows', () => {
  it.each(readable.map(({ path, commands }) => [path, commands] as const))(
    '%s from the first command to the last sees no failure',
    async (_, commands) => {
      // An agent sees every myapp of the machine, also that of another test file.
      const hasTurn = commands.some((command) => command.includes('cordon-agent.cjs'));
      if (hasTurn) await takeTurn();
      try {
        const { code, said } = await read(commands);

        expect(code === 0 ? 'no failure' : said).toBe('no failure');
      } finally {
        if (hasTurn) endTurn();
      }
    },
    // This is long enough for a busy machine on which the other tests have their turn first.
    turnTimeoutMs,
  );

  it('all pages leaves no new file in the checkout that git would add', () => {
    expect(listUntracked().filter((path) => !untracked.includes(path))).toEqual([]);
  });
});

describe('a page', () => {
  it('marks every block of commands as sh', () => {
    const unmarked = listPages().flatMap((page) =>
      listBlocks(page)
        .filter(
          ({ language, text }) =>
            language !== 'sh' &&
            // What a message or a command prints may name commands further down.
            (language === 'text'
              ? /^(\$ )?(npm|npx|node|aws|curl|cordon) /
              : /^(\$ )?(npm|npx|node|aws|curl|cordon) /m
            ).test(text),
        )
        .map(({ line }) => `${page.path}:${line}`),
    );

    expect(unmarked).toEqual([]);
  });
});

describe('the exceptions', () => {
  it('are all commands of a page', () => {
    const known = new Set(pages.flatMap(({ commands }) => commands));

    expect(Object.keys(exceptions).filter((command) => !known.has(command))).toEqual([]);
  });
});
