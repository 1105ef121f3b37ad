import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FunctionDefinition } from '../../../../local/aws/lambda/definitions';
import {
  createFunctionHost,
  type FunctionHost,
  type FunctionHostSettings,
} from '../../../../local/aws/lambda/function';
import type { AwsIdentity, LocalLog } from '../../../../local/types';
import { makeTemporaryFolder } from '../../../temporary-folder';

export const identity: AwsIdentity = { partition: 'aws', accountId: '000000000000', region: 'us-east-1' };
export const silentLog: LocalLog = { info: () => undefined, warn: () => undefined };
export const someCredentials = {
  accessKeyId: 'AKIAFUNCTION',
  secretAccessKey: 'secret',
  sessionToken: 'token',
};

/** Writes a packaged function whose `handler` export is the given code. */
export function writeFunction(source: string, fileName = 'index.mjs'): string {
  const folder = makeTemporaryFolder();
  writeFileSync(path.join(folder, fileName), source);
  return folder;
}

export function aFunction(overrides: Partial<FunctionDefinition> & { codePath: string }): FunctionDefinition {
  const name = overrides.name ?? 'probe';
  return {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    roleArn: 'arn:aws:iam::000000000000:role/probe',
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    memoryMb: 256,
    timeoutSeconds: 10,
    environment: {},
    logGroupName: `/aws/lambda/${name}`,
    ...overrides,
  };
}

export function aFunctionHost(overrides: Partial<FunctionHostSettings> = {}): FunctionHost {
  const directory = makeTemporaryFolder();
  return createFunctionHost({
    identity,
    endpoint: 'http://127.0.0.1:9',
    logDirectory: path.join(directory, 'logs'),
    codeDirectory: path.join(directory, 'code'),
    log: silentLog,
    ...overrides,
  });
}

/** Waits until the condition gives a value. */
export async function eventually<T>(read: () => T | Promise<T | undefined> | undefined): Promise<T> {
  const giveUpAt = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > giveUpAt) throw new Error('The condition never came true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
