import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { loadConfiguration } from '../../shared/config/load';
import { findConfiguration } from '../checkout';
import { UsageError } from '../cli-error';
import { requireStage } from '../target';
import { reachCloudFormation } from './reach';
import { isInstalled, service } from './service';

export interface DeployFlags {
  readonly region?: string;
  readonly config?: string;
  readonly param: readonly string[];
  /** Where `package` writes to. */
  readonly out?: string;
}

/** Runs osls on the service of this package, in a folder of its own: the package may be read-only. */
export async function deploy(
  command: 'deploy' | 'package' | 'remove',
  stage: string,
  { region = process.env.AWS_REGION, config, param, out }: DeployFlags,
): Promise<void> {
  requireStage(stage);
  if (!isInstalled())
    throw new UsageError(
      `cordon ${command} is a command of the npm package: in a checkout, run npx sls ${command} --stage ${stage}`,
    );
  if (!region) throw new UsageError(`no region is set: give --region, or set AWS_REGION`);
  const file = resolve(config ?? findConfiguration());
  // osls takes seconds to say the same.
  loadConfiguration(file, readReplacements(param));
  if (command !== 'package') await reachCloudFormation(stage, region, process.env);
  const folder = mkdtempSync(join(tmpdir(), 'cordon-deploy-'));
  try {
    cpSync(service, folder, { recursive: true });
    const args = [
      command,
      ...['--stage', stage, '--region', region],
      ...param.map((one) => `--param=${one}`),
      ...(out === undefined ? [] : ['--package', resolve(out)]),
    ];
    process.exitCode = await runOsls(args, folder, {
      // How long osls waits for one answer, in ms; it would be two minutes, and then again for each retry.
      AWS_CLIENT_TIMEOUT: '20000',
      ...process.env,
      AWS_REGION: region,
      CORDON_CONFIG: file,
      CORDON_COMMAND: 'cordon',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The parameters that replace values of cordon.yml. osls checks their names and those of the others. */
function readReplacements(param: readonly string[]): Readonly<Record<string, string>> {
  const replacing = ['detector', 'email', 'keepClosed'];
  return Object.fromEntries(
    param.flatMap((one) => {
      const [name = ''] = one.split('=');
      return replacing.includes(name) ? [[name, one.slice(name.length + 1)]] : [];
    }),
  );
}

/** Resolves to its exit code. Ctrl-C reaches osls by itself, which may not leave a deploy half watched. */
async function runOsls(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<number> {
  const osls = join(
    dirname(createRequire(import.meta.url).resolve('osls/package.json')),
    'bin',
    'serverless.js',
  );
  const leave = () => undefined;
  process.on('SIGINT', leave).on('SIGTERM', leave);
  try {
    const child = spawn(process.execPath, [osls, ...args], { cwd, env, stdio: 'inherit' });
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}
