import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { type Program, type Report, type Settings, stackName } from './step';

/** Deploys, leaving out what the server refuses, each resource with the server's own words. */
export async function deploy(
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

/** Deploys again: the names that exist are the stack's own, so they must not stop it. */
export async function deployAgain(folder: string, sls: Program, report: Report): Promise<void> {
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
export async function compareResources(folder: string, settings: Settings, report: Report): Promise<void> {
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

export async function remove(
  folder: string,
  settings: Settings,
  sls: Program,
  report: Report,
): Promise<void> {
  const { code, out } = await sls('remove');
  const isGone = await new CloudFormationClient(settings)
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .then(
      ({ Stacks = [] }) => Stacks.every(({ StackStatus }) => StackStatus === 'DELETE_COMPLETE'),
      () => true,
    );
  report('sls remove', code === 0 && isGone ? 'held' : 'wrong', `${out} ${folder}`);
}
