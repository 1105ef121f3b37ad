import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DeviceFiles, writeDeviceFiles } from './certificates';
import { type RealApp, type RealAppName, startRealApp } from './real-process';
import { startTlsBroker, type TestBroker } from './tls-broker';

const script = join(import.meta.dirname, '../../infra/bundling/build-agent.mjs');

/** The bundle of the agent, a broker that accepts its certificate, and an app to watch. */
export interface Device {
  /** A folder of its own, gone with `close`. */
  readonly directory: string;
  readonly bundle: string;
  readonly files: DeviceFiles;
  readonly broker: TestBroker;
  readonly app: RealApp;
  /** The flags that lead to the broker, as `mything1`. */
  readonly connection: readonly string[];
  close(): Promise<void>;
}

/** @param metrics what the bundle reports unless flags say otherwise */
export async function startDevice(appName: RealAppName, metrics: readonly string[] = []): Promise<Device> {
  const directory = mkdtempSync(join(tmpdir(), 'cordon-device-'));
  const bundle = await bundleAgent(directory, metrics);
  const files = await writeDeviceFiles(directory);
  const broker = await startTlsBroker(files);
  const app = startRealApp(appName);
  return {
    directory,
    bundle,
    files,
    broker,
    app,
    connection: [
      ...['-e', `localhost:${broker.port}`, '-r', files.rootCaPath, '-c', files.certPath],
      ...['-k', files.keyPath, '-id', 'mything1'],
    ],
    close: async () => {
      await app.close();
      await broker.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Bundles the agent as a user does, and returns the path of the bundle. */
export async function bundleAgent(directory: string, metrics: readonly string[] = []): Promise<string> {
  const bundle = join(directory, 'cordon-agent.cjs');
  await promisify(execFile)(process.execPath, [script, '--outfile', bundle, ...metrics]);
  return bundle;
}
