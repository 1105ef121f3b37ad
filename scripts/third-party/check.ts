import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Finding } from '../../cli/doctor/finding';
import type { DrillResult } from '../../cli/drill/steps';
import type { Outcome } from './gaps';
import { type Run, runProgram, waitUntil } from './run-program';
import type { RunningServer, Server } from './servers';

const stackName = 'cordon-dev';
const device = 'third-party-1';

interface CheckOptions {
  /** Ends the program that runs. */
  readonly signal?: AbortSignal;
  /** Resources that the server is known to refuse, by logical id: each costs a deploy that fails. */
  readonly leftOut?: readonly string[];
}

/** All that is tried on one server, each as an outcome. `folder` is thrown away afterwards. */
export async function checkServer(
  server: Server,
  running: RunningServer,
  folder: string,
  root: string,
  report: (outcome: Outcome) => void,
  { signal, leftOut = [] }: CheckOptions = {},
): Promise<void> {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: running.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const run = (program: string, ...args: readonly string[]) =>
    runProgram(program, args, { cwd: root, env, ...(signal && { signal }) });
  const sls = (...args: readonly string[]) =>
    run(process.execPath, join('node_modules', '.bin', 'sls'), ...args);
  const cordon = (...args: readonly string[]) =>
    run(process.execPath, join('bin', 'cordon.mjs'), '--aws', ...args);
  const settings = {
    endpoint: running.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const reportOf = (step: string) => (what: string, verdict: Outcome['verdict'], detail?: string) =>
    report({ step, what, verdict, ...(detail !== undefined && { detail: shorten(detail) }) });
  const slack = await openSlack();
  try {
    await storeSecret(settings, slack.url, reportOf('deploy'));
    if (!(await deploy(folder, sls, leftOut, reportOf('deploy')))) return;
    await compareResources(folder, settings, reportOf('resources'));
    await deployAgain(folder, sls, reportOf('deploy'));
    await enrollDevice(folder, cordon, reportOf('enroll'));
    await examine(cordon, reportOf('doctor'));
    await raiseAlert(settings, cordon, slack, reportOf('alert'));
    await playDrill(server, running, folder, cordon, reportOf('drill'));
    await runContracts(folder, run, reportOf('contract'));
    await retireDevice(cordon, reportOf('retire'));
    await remove(folder, settings, sls, reportOf('remove'));
  } finally {
    slack.close();
  }
}

type Report = (what: string, verdict: Outcome['verdict'], detail?: string) => void;
type Program = (...args: readonly string[]) => Promise<Run>;
type Settings = ConstructorParameters<typeof SNSClient>[0] & object;

interface Slack {
  readonly url: string;
  readonly received: readonly string[];
  close(): void;
}

/** An incoming webhook of Slack, as far as it takes messages. */
async function openSlack(): Promise<Slack> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      received.push(body);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/services/check`, received, close: () => server.close() };
}

async function storeSecret(settings: Settings, url: string, report: Report): Promise<void> {
  const parameter = { Name: `/${stackName}/slack`, Value: url, Type: 'SecureString' } as const;
  await attempt('the secret of Slack', report, () =>
    new SSMClient(settings).send(new PutParameterCommand(parameter)),
  );
}

/** Deploys, leaving out what the server refuses, each resource with the server's own words. */
async function deploy(
  folder: string,
  sls: Program,
  leftOut: readonly string[],
  report: Report,
): Promise<boolean> {
  const packaged = join(folder, 'package');
  const made = await sls('package', '--package', packaged);
  if (made.code !== 0) throw new Error(`sls package failed: ${made.out}`);
  const state = join(packaged, 'serverless-state.json');
  for (const id of leftOut) leaveOut(state, id);
  for (let tries = 0; tries < 12; tries += 1) {
    const { code, out } = await sls('deploy', '--package', packaged);
    if (code === 0) {
      report('sls deploy', 'held');
      return true;
    }
    const [, id = '', type = '', why = ''] = /_FAILED: (\w+) \(([\w:]+)\)\n(.*)/.exec(out) ?? [];
    if (!id) {
      report('sls deploy', 'wrong', out.split('Error:').at(-1) ?? out);
      return false;
    }
    report(`${id} (${type})`, 'unknown', why);
    leaveOut(state, id);
  }
  return false;
}

/** What the first deploy made is the stack's own, so nothing is in the way of the next one. */
async function deployAgain(folder: string, sls: Program, report: Report): Promise<void> {
  const { code, out } = await sls('deploy', '--force', '--package', join(folder, 'package'));
  report('sls deploy, a second time', code === 0 ? 'held' : 'wrong', out.split('Error:').at(-1) ?? out);
}

interface PackagedState {
  readonly service: {
    readonly provider: {
      readonly compiledCloudFormationTemplate: {
        readonly Resources: Record<string, { readonly Type: string; readonly Condition?: string }>;
      };
    };
  };
}

function readState(file: string): PackagedState {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function leaveOut(file: string, id: string): void {
  const state = readState(file);
  delete state.service.provider.compiledCloudFormationTemplate.Resources[id];
  writeFileSync(file, JSON.stringify(state));
}

/** A server may silently ignore what it does not know. */
async function compareResources(folder: string, settings: Settings, report: Report): Promise<void> {
  const { Resources } = readState(join(folder, 'package', 'serverless-state.json')).service.provider
    .compiledCloudFormationTemplate;
  const there = new Set<string>();
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client: new CloudFormationClient(settings) },
    { StackName: stackName },
  ))
    for (const { LogicalResourceId = '', ResourceStatus = '' } of StackResourceSummaries)
      if (/^(CREATE|UPDATE)_COMPLETE$/.test(ResourceStatus)) there.add(LogicalResourceId);
  const missing = new Set(
    Object.entries(Resources)
      // The check deploys without parameters, so no condition holds that asks for one.
      .filter(([id, { Condition }]) => Condition === undefined && !there.has(id))
      .map(([, { Type }]) => Type),
  );
  for (const type of missing) report(type, 'unknown', 'the server made none');
  report(`${there.size} resources of the template`, 'held');
}

async function enrollDevice(folder: string, cordon: Program, report: Report): Promise<void> {
  const { code, out } = await cordon('enroll', device, '--out', join(folder, 'device'));
  report('cordon enroll', code === 0 ? 'held' : 'wrong', out);
}

async function examine(cordon: Program, report: Report): Promise<void> {
  const { out } = await cordon('doctor', device, '--json');
  const findings = parseJson<readonly Finding[]>(out);
  if (!findings) return report('cordon doctor', 'wrong', out);
  const held = findings.filter(({ level }) => level === 'ok' || level === 'note').length;
  report(`${held} findings`, 'held');
  for (const { level, about, what } of findings)
    if (level === 'problem' || level === 'unknown')
      report(`${about}: ${withoutNames(what)}`, level === 'problem' ? 'wrong' : 'unknown', what);
}

async function raiseAlert(settings: Settings, cordon: Program, slack: Slack, report: Report): Promise<void> {
  const account = await new CloudFormationClient(settings).send(
    new DescribeStacksCommand({ StackName: stackName }),
  );
  const accountId = account.Stacks?.[0]?.StackId?.split(':')[4];
  const topic = `arn:aws:sns:us-east-1:${accountId}:${stackName}-alerts`;
  await attempt('publish an alert', report, () =>
    new SNSClient(settings).send(new PublishCommand({ TopicArn: topic, Message: JSON.stringify(anAlert()) })),
  );
  let last = '';
  const status = async () => {
    const { out } = await cordon('show', device, '--json');
    last = out;
    return readStatus(out);
  };
  const opened = await waitUntil(status, (found) => found !== undefined, 60_000);
  report('it opens a case', opened ? 'held' : 'wrong', opened ? undefined : `not within a minute: ${last}`);
  if (!opened) return;
  const ends = ['contained', 'containment-failed', 'awaiting-approval'];
  const ended = await waitUntil(status, (found) => ends.includes(found ?? ''), 60_000);
  report(
    'it is contained',
    ended && readStatus(last) === 'contained' ? 'held' : 'wrong',
    `it is ${readStatus(last)}${ended ? '' : ', not within a minute'}`,
  );
  const told = await waitUntil(
    async () => slack.received.some((text) => text.includes(device)),
    Boolean,
    30_000,
  );
  report('Slack shows it', told ? 'held' : 'wrong', 'no message at the webhook, not within half a minute');
  const { code, out } = await cordon('release', device, '--force', '--comment', 'end of the check');
  report('it is released', code === 0 ? 'held' : 'wrong', out);
}

function readStatus(text: string): string | undefined {
  return parseJson<{ readonly case?: { readonly status?: string } }>(text)?.case?.status;
}

function anAlert(): object {
  const criteria = { comparisonOperator: 'less-than-equals', value: { number: 0 } };
  return {
    violationEventTime: Date.now(),
    thingName: device,
    behavior: { name: 'no-child-processes', metric: 'num_child_procs_myapp', criteria },
    violationEventType: 'in-alarm',
    metricValue: { number: 1 },
    violationId: 'third-party-check',
    securityProfileName: 'myapp-processes',
  };
}

async function playDrill(
  { authority }: Server,
  { endpoint, ports }: RunningServer,
  folder: string,
  cordon: Program,
  report: Report,
): Promise<void> {
  if (authority === undefined) return report('a broker for devices', 'unknown', 'the server has none');
  const file = join(folder, 'ca.pem');
  writeFileSync(file, await (await fetch(`${endpoint}${authority}`)).text());
  const { out } = await cordon('drill', '--json', '--endpoint', `localhost:${ports.mqtt}`, '--root-ca', file);
  const result = parseJson<DrillResult>(out);
  if (!result) return report('cordon drill', 'wrong', out);
  for (const { step, status, detail } of result.steps)
    if (status !== 'open') report(step, status === 'held' ? 'held' : 'wrong', detail);
}

interface JestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly title: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** The laws of the ports, against this server alone. */
async function runContracts(folder: string, run: Program, report: Report): Promise<void> {
  const file = join(folder, 'contracts.json');
  const only = ['test/contract/ports.test.ts', '-t', 'the server at'];
  const { out } = await run('npm', 'run', '-s', 'jest', '--', ...only, '--json', '--outputFile', file);
  const outcome = parseJson<JestReport>(readFileSync(file, 'utf8'));
  const results = outcome?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? [];
  if (results.length === 0) return report('the suites', 'wrong', out);
  const lacked = new Set(
    [...out.matchAll(/^passed over: "[^\n]*": no (\w+) /gm)].map(([, name = '']) => name),
  );
  for (const name of lacked) report(name, 'unknown', 'the server does not know the operation');
  for (const {
    status,
    title,
    failureMessages: [why],
  } of results)
    if (status === 'failed') report(title, 'wrong', why);
  report(`${results.filter(({ status }) => status === 'passed').length} laws`, 'held');
}

async function retireDevice(cordon: Program, report: Report): Promise<void> {
  const { code, out } = await cordon('retire', device, '--force');
  report('cordon retire', code === 0 ? 'held' : 'wrong', out);
}

async function remove(folder: string, settings: Settings, sls: Program, report: Report): Promise<void> {
  const { code, out } = await sls('remove');
  const isGone = await new CloudFormationClient(settings)
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .then(
      ({ Stacks = [] }) => Stacks.every(({ StackStatus }) => StackStatus === 'DELETE_COMPLETE'),
      () => true,
    );
  report('sls remove', code === 0 && isGone ? 'held' : 'wrong', `${out} ${folder}`);
}

async function attempt(what: string, report: Report, run: () => Promise<unknown>): Promise<void> {
  await run().then(
    () => report(what, 'held'),
    (error: unknown) => report(what, 'wrong', String(error)),
  );
}

function parseJson<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** What CloudFormation adds to a name, and ids, differ from run to run. */
function withoutNames(text: string): string {
  return text.replace(/(?<=deploymentbucket)-\w+|-[0-9a-f]{8,}\b/gi, '').replace(/\b[0-9a-f]{12,}\b/gi, '…');
}

function shorten(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
