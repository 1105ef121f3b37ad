import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DisableTopicRuleCommand, ListPoliciesCommand, ListThingsCommand } from '@aws-sdk/client-iot';
import type { DrillResult } from '../../cli/drill/steps';
import { type Cli, openCli } from './cli-process';
import { type DocumentedCaller, registerDocumented } from './documented-rights';
import { type EndToEnd, root, startEndToEnd } from './harness';

let e2e: EndToEnd;
/** The command with the rights of docs/iam/drill.json only. */
let cli: Cli;
let caller: DocumentedCaller;
let operator: Cli;
let sweeps: NodeJS.Timeout;

beforeAll(async () => {
  e2e = await startEndToEnd({ policyCacheSeconds: 5 });
  // What a drill waits for, the sweep does each minute.
  sweeps = setInterval(() => void e2e.stack.functions.invoke('cordon-dev-sweep', {}), 2_000);
  caller = await registerDocumented(e2e, 'drill');
  const configuration = await readFile(join(root, 'cordon.yml'), 'utf8');
  cli = await openCli(e2e, configuration, caller.credentials);
  operator = await openCli(e2e, configuration);
}, 120_000);

afterAll(async () => {
  clearInterval(sweeps);
  await cli?.remove();
  await operator?.remove();
  await e2e?.close();
});

async function drill(
  ...args: readonly string[]
): Promise<{ result: DrillResult; code: number; err: string }> {
  const { code, out, err } = await cli.run('drill', '--json', ...args);
  return { result: JSON.parse(out), code, err };
}

const statusOf = ({ steps }: DrillResult, step: string) =>
  steps.filter((one) => one.step === step).map(({ status }) => status);

/** Things and policies of drills that are there now. */
async function leftOf(): Promise<readonly (string | undefined)[]> {
  const [{ things = [] }, { policies = [] }] = await Promise.all([
    e2e.iot.send(new ListThingsCommand({})),
    e2e.iot.send(new ListPoliciesCommand({})),
  ]);
  return [
    ...things.map(({ thingName }) => thingName),
    ...policies.map(({ policyName }) => policyName),
  ].filter((name) => /drill|retiring/.test(name ?? ''));
}

/** Runs a drill until it says so, and then sends a signal. */
async function interruptAt(line: RegExp, signal: NodeJS.Signals): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'bin', 'cordon.mjs'), 'drill'], {
    cwd: cli.folder,
    // A drill that is killed leaves its folder.
    env: { PATH: process.env.PATH ?? '', TMPDIR: cli.folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    const isNew = !line.test(err);
    err += chunk.toString('utf8');
    if (isNew && line.test(err)) child.kill(signal);
  });
  const [code] = await once(child, 'close');
  return `${code}: ${err}`;
}

describe('cordon drill', () => {
  it('proves the whole path with its own thing, announces that it is a drill, and leaves nothing', async () => {
    // The containment is faster than the answer to the report that causes it.
    const late = { kind: 'latency', action: 'iot:Publish', latencyMs: 1_000, probability: 1 } as const;
    e2e.stack.aws.gateway.setFaults([{ ...late, functionName: 'cordon-dev-detect' }]);
    const { result, code, err } = await drill('--policies');
    e2e.stack.aws.gateway.setFaults([]);

    expect([code, result.steps.filter(({ status }) => status === 'failed'), code === 0 ? '' : err]).toEqual([
      0,
      [],
      '',
    ]);
    expect(result).toMatchObject({
      held: true,
      throughAfter: 0,
      behavior: 'myapp-processes/no-child-processes',
    });
    // Refused while the certificate is INACTIVE, and once more by the policies alone.
    expect(statusOf(result, 'https-refused')).toEqual(['held', 'held']);
    expect(statusOf(result, 'role-refused')).toEqual(['held', 'held']);
    expect(statusOf(result, 'retained-unreadable')).toEqual(['held', 'held']);
    expect(statusOf(result, 'kept-topics-open')).toEqual(['open', 'held']);
    expect(await leftOf()).toEqual([]);
    const told = e2e.stack.aws.slack.messages().filter(({ text }) => text.includes(result.thingName));
    expect(told.length).toBeGreaterThan(0);
    expect(told.filter(({ text }) => !text.includes('DRILL'))).toEqual([]);
  }, 240_000);

  it('sends a simulated alert if Device Defender detects, and needs each right of docs/iam/drill.json and no other', async () => {
    const { result, code } = await drill('--detector', 'device-defender');

    // The local stack takes no report for Device Defender to answer.
    expect([code, statusOf(result, 'case')]).toEqual([0, ['held']]);
    // AWS IoT checks two rights for this one call, and the gateway counts one call.
    expect([...caller.used(), 'iot:RetainPublish'].toSorted()).toEqual(caller.granted);
    expect(e2e.log.filter(({ message }) => message.startsWith('refused by IAM'))).toEqual([]);
  }, 240_000);

  it('cleans up at Ctrl-C, and the next drill deletes what a killed one left', async () => {
    const stopped = await interruptAt(/denial verified/, 'SIGINT');
    expect(stopped).toMatch(/^130: .*the drill device is gone: ok/s);
    expect(await leftOf()).toEqual([]);

    const killed = await interruptAt(/denial verified/, 'SIGKILL');
    expect(killed).toMatch(/^null: .*denial verified/s);
    const [left = ''] = await leftOf();
    expect(left).toMatch(/^cordon-drill-/);
    const { code, err } = await drill();
    expect(err).toContain(`deleting ${left}, which an earlier drill left`);
    expect(code).toBe(0);
    expect(await leftOf()).toEqual([]);
  }, 240_000);

  it.each([
    [
      ['drill', '--behavior', 'myapp-processes/none'],
      /cordon\.yml has no behavior "myapp-processes\/none": give one of/,
    ],
    [['enroll', 'cordon-drill-mine'], /begins with cordon-drill-, as only the things of cordon drill do/],
  ])('refuses %j before it changes anything', async (args, message) => {
    const { code, err } = await operator.run(...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(await leftOf()).toEqual([]);
  });

  it('is refused while the kill switch is on, since nothing would be contained', async () => {
    await operator.run('kill-switch', 'on', '--reason', 'test');
    const { code, err } = await operator.run('drill');
    await operator.run('kill-switch', 'off');
    expect([code, err]).toEqual([
      3,
      expect.stringContaining('the kill switch is on, so nothing would be contained'),
    ]);
  });

  it('names the failed step, says what that means, and still cleans up', async () => {
    await e2e.iot.send(new DisableTopicRuleCommand({ ruleName: 'cordon_dev_reports' }));

    const { code, out } = await cli.run('drill');

    expect(code).toBe(6);
    expect(out).toMatch(/FAILED +reports are accepted: report \d+: no answer within 20 s/);
    expect(out).toContain(
      'No answer to a report: the reports rule, its queue or the detect function does not work.',
    );
    expect(await leftOf()).toEqual([]);
  }, 180_000);
});
