import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../cli/doctor/finding';
import type { DrillResult } from '../../cli/drill/steps';
import { raiseAlert } from './alert';
import { runContracts } from './contracts';
import { compareResources, deploy, deployAgain, remove } from './deploy';
import type { Outcome } from './gaps';
import { runProgram } from './run-program';
import type { RunningServer, Server } from './servers';
import { openSlack, storeSecret } from './slack';
import { device, type Program, parseJson, type Report, shorten } from './step';

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
  const reportOf =
    (step: string): Report =>
    (what, verdict, detail) =>
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

async function retireDevice(cordon: Program, report: Report): Promise<void> {
  const { code, out } = await cordon('retire', device, '--force');
  report('cordon retire', code === 0 ? 'held' : 'wrong', out);
}

/** Removes ids, and what CloudFormation adds to names: both differ from run to run. */
function withoutNames(text: string): string {
  return text.replace(/(?<=deploymentbucket)-\w+|-[0-9a-f]{8,}\b/gi, '').replace(/\b[0-9a-f]{12,}\b/gi, '…');
}
