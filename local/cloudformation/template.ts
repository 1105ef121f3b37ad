import { readFile } from 'node:fs/promises';
import type { AwsIdentity } from '../types';
import { evaluateCondition, noValue, type Scope } from './intrinsics';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
}

interface TemplateParameter {
  readonly Type: string;
  readonly Default?: string | number;
  readonly AllowedValues?: readonly (string | number)[];
  readonly AllowedPattern?: string;
  readonly MinLength?: string | number;
  readonly MaxLength?: string | number;
  readonly MinValue?: string | number;
  readonly MaxValue?: string | number;
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

/** All that keeps a template from running here, one line each. */
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

const sections = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
];
const knownSections = new Set([...sections, 'Resources', 'Outputs']);
const resourceFields = ['Type', 'Properties', 'DependsOn', 'Condition', 'Metadata', 'DeletionPolicy'];
const knownResourceFields = new Set([...resourceFields, 'UpdateReplacePolicy']);

export async function readTemplate(file: string): Promise<Template> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new TemplateError([`${file} ${reason}: run \`sls package\` (${String(cause)})`]);
  }
  const problems = [...findShapeProblems(value)];
  if (problems.length > 0) throw new TemplateError(problems.map((problem) => `${file}: ${problem}`));
  return value as Template;
}

function* findShapeProblems(value: unknown): Generator<string> {
  if (!isObject(value) || !isObject(value.Resources)) {
    yield 'is no CloudFormation template: it has no Resources';
    return;
  }
  for (const section of Object.keys(value)) {
    if (!knownSections.has(section)) yield `section ${section} is not emulated locally`;
  }
  for (const [logicalId, resource] of Object.entries(value.Resources)) {
    if (!isObject(resource) || typeof resource.Type !== 'string') yield `${logicalId} has no Type`;
    for (const field of Object.keys(isObject(resource) ? resource : {})) {
      if (!knownResourceFields.has(field)) yield `${logicalId}: ${field} is not emulated locally`;
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Gives each parameter its value and each condition its truth; what is wrong is added to `problems`. */
export function openScope(
  template: Template,
  given: Readonly<Record<string, string>>,
  stack: StackName,
  problems: string[],
): TemplateScope {
  const parameters = { ...resolveParameters(template, given, problems), ...pseudoParameters(stack) };
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

function resolveParameters(
  template: Template,
  given: Readonly<Record<string, string>>,
  problems: string[],
): Record<string, unknown> {
  const declared = template.Parameters ?? {};
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name))
      problems.push(`Parameters.${name}: is given, but the template has none`);
  }
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(declared)) {
    const value = given[name] ?? parameter.Default;
    const problem =
      value === undefined ? 'has no value and no Default' : findParameterProblem(parameter, value);
    if (problem) problems.push(`Parameters.${name}: ${problem}`);
    values[name] = parseParameter(parameter.Type, String(value ?? ''));
  }
  return values;
}

function findParameterProblem(parameter: TemplateParameter, value: string | number): string | undefined {
  const text = String(value);
  const { Type, AllowedValues, AllowedPattern, MinLength, MaxLength, MinValue, MaxValue } = parameter;
  if (Type.startsWith('AWS::SSM::')) return `type ${Type} is not emulated locally`;
  if (AllowedValues && !AllowedValues.map(String).includes(text))
    return `must be one of ${AllowedValues.join(', ')}`;
  if (AllowedPattern && !new RegExp(`^(?:${AllowedPattern})$`).test(text))
    return `must match ${AllowedPattern}`;
  if (MinLength !== undefined && text.length < Number(MinLength)) return `is shorter than ${MinLength}`;
  if (MaxLength !== undefined && text.length > Number(MaxLength)) return `is longer than ${MaxLength}`;
  if (Type !== 'Number') return undefined;
  if (text.trim() === '' || Number.isNaN(Number(text))) return 'must be a number';
  if (MinValue !== undefined && Number(text) < Number(MinValue)) return `is less than ${MinValue}`;
  if (MaxValue !== undefined && Number(text) > Number(MaxValue)) return `is more than ${MaxValue}`;
  return undefined;
}

function parseParameter(type: string, text: string): unknown {
  if (type !== 'CommaDelimitedList' && !type.startsWith('List<')) return text;
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}
