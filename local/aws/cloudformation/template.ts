import { readFile } from 'node:fs/promises';
import type { AwsIdentity } from '../../types';
import { isRecord } from '../wire/json';
import { evaluateCondition, noValue, type Scope } from './intrinsics';
import { resolveParameters, type TemplateParameter } from './parameters';
import { findTemplateFaults, maxTemplateBytes } from './rules';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
}

interface TemplateOutput {
  readonly Value: unknown;
  readonly Condition?: string;
}

export interface Template {
  readonly Parameters?: Readonly<Record<string, TemplateParameter>>;
  readonly Mappings?: Scope['mappings'];
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, TemplateOutput>>;
}

/** Everything that prevents a template from running here, one line each. */
export class TemplateError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'TemplateError';
    this.problems = problems;
  }
}

interface StackName {
  readonly identity: AwsIdentity;
  readonly stackName: string;
  readonly stackId: string;
}

/** The parts of a scope that do not depend on resources. */
export interface TemplateScope {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly conditions: Readonly<Record<string, boolean>>;
}

const emulatedSections = new Set([
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
]);
const emulatedAttributes = new Set([
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
]);

export async function readTemplate(file: string): Promise<Template> {
  let text: string;
  let value: unknown;
  try {
    text = await readFile(file, 'utf8');
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new TemplateError([`${file} ${reason}: make it with npm start -- --package (${String(cause)})`]);
  }
  const problems = [...findShapeProblems(value)];
  if (problems.length === 0) problems.push(...findTemplateFaults(value));
  if (Buffer.byteLength(text) > maxTemplateBytes)
    problems.push(`has ${Buffer.byteLength(text)} bytes; CloudFormation takes at most ${maxTemplateBytes}`);
  if (problems.length > 0) throw new TemplateError(problems.map((problem) => `${file}: ${problem}`));
  return value as Template;
}

function* findShapeProblems(value: unknown): Generator<string> {
  if (!isRecord(value) || !isRecord(value.Resources)) {
    yield 'is no CloudFormation template: it has no Resources; make it with npm start -- --package';
    return;
  }
  for (const section of Object.keys(value)) {
    if (!emulatedSections.has(section)) yield `section ${section} is not emulated locally`;
  }
  for (const [logicalId, resource] of Object.entries(value.Resources)) {
    if (!isRecord(resource) || typeof resource.Type !== 'string')
      yield `${logicalId} has no Type, such as AWS::SQS::Queue`;
    for (const field of Object.keys(isRecord(resource) ? resource : {})) {
      if (!emulatedAttributes.has(field)) yield `${logicalId}: ${field} is not emulated locally`;
    }
  }
}

/** Gives each parameter and each condition its value, and adds faults to `problems`. */
export function openScope(
  template: Template,
  given: Readonly<Record<string, string>>,
  stack: StackName,
  problems: string[],
): TemplateScope {
  const parameters = {
    ...resolveParameters(template.Parameters ?? {}, given, problems),
    ...pseudoParameters(stack),
  };
  const names = Object.keys(template.Conditions ?? {});
  const known = new Map<string, boolean>();
  const inWork = new Set<string>();
  const scope: Scope = {
    ref: (name) => (Object.hasOwn(parameters, name) ? parameters[name] : undefined),
    getAtt: () => undefined,
    condition: evaluate,
    mappings: template.Mappings ?? {},
    report: (path, message) => problems.push(`${path}: ${message}`),
  };

  function evaluate(name: string): boolean | undefined {
    if (known.has(name) || !names.includes(name)) return known.get(name);
    if (inWork.has(name)) {
      problems.push(`Conditions.${name}: depends on itself`);
      return false;
    }
    inWork.add(name);
    known.set(name, evaluateCondition(template.Conditions?.[name], `Conditions.${name}`, scope));
    return known.get(name);
  }

  for (const name of names) evaluate(name);
  return { parameters, conditions: Object.fromEntries(known) };
}

function pseudoParameters({ identity, stackName, stackId }: StackName): Record<string, unknown> {
  return {
    'AWS::Region': identity.region,
    'AWS::AccountId': identity.accountId,
    'AWS::Partition': identity.partition,
    'AWS::StackName': stackName,
    'AWS::StackId': stackId,
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::NotificationARNs': [],
    'AWS::NoValue': noValue,
  };
}
