import { isRecord } from '../wire/json';
import { findParameterProblem, type TemplateParameter } from './parameters';
import { type AttributeRules, findAttributeFaults } from './rules-attributes';
import { findReferenceFaults } from './rules-references';

// AWSCloudFormation/latest/UserGuide: cloudformation-limits, template-anatomy, parameters-section-structure.

/** The limit of a template in the request itself. */
export const maxInlineBytes = 51_200;
/** The limit of a template in S3. */
export const maxTemplateBytes = 1_000_000;

const sections = new Set([
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
  'Rules',
  'Transform',
  'Resources',
  'Outputs',
]);
const limits: Readonly<Record<string, number>> = {
  Parameters: 200,
  Mappings: 200,
  Resources: 500,
  Outputs: 200,
};
const parameterFields = new Set([
  'Type',
  'Default',
  'AllowedValues',
  'AllowedPattern',
  'MinLength',
  'MaxLength',
  'MinValue',
  'MaxValue',
  'Description',
  'ConstraintDescription',
  'NoEcho',
]);
const parameterType =
  /^(String|Number|List<Number>|CommaDelimitedList|AWS::SSM::Parameter::.+|AWS::EC2::.+)$/;
const attributeRules: AttributeRules = {
  DeletionPolicy: ['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'],
  // It has nothing to do with a creation, so it knows no RetainExceptOnCreate.
  UpdateReplacePolicy: ['Delete', 'Retain', 'Snapshot'],
};

/** What CloudFormation refuses in a template before it makes a change set, whatever the values of its parameters. */
export function* findTemplateFaults(template: unknown): Generator<string> {
  if (!isRecord(template)) return yield 'Template format error: not a JSON object';
  for (const section of Object.keys(template))
    if (!sections.has(section)) yield `Invalid template property or properties [${section}]`;
  if (!isRecord(template.Resources) || Object.keys(template.Resources).length === 0)
    return yield 'Template format error: At least one Resources member must be defined.';
  for (const [section, limit] of Object.entries(limits))
    yield* findSectionFaults(section, template[section], limit);
  yield* findParameterFaults(template.Parameters ?? {});
  yield* findAttributeFaults(template, attributeRules);
  yield* findReferenceFaults(template);
}

function* findSectionFaults(section: string, entries: unknown, limit: number): Generator<string> {
  if (entries === undefined) return;
  if (!isRecord(entries)) return yield `Template format error: ${section} is no object`;
  const names = Object.keys(entries);
  if (names.length > limit)
    yield `Template format error: Number of ${section.toLowerCase()}, ${names.length}, is greater than maximum allowed, ${limit}`;
  for (const name of names)
    if (!/^[a-zA-Z0-9]{1,255}$/.test(name))
      yield `Template format error: ${section} name ${name} is non alphanumeric.`;
}

function* findParameterFaults(parameters: unknown): Generator<string> {
  for (const [name, parameter] of Object.entries(isRecord(parameters) ? parameters : {})) {
    const place = `Template format error: Parameter ${name}`;
    if (!isRecord(parameter)) {
      yield `${place} is no object`;
      continue;
    }
    for (const field of Object.keys(parameter))
      if (!parameterFields.has(field)) yield `Invalid template parameter property '${field}'`;
    if (typeof parameter.Type !== 'string' || !parameterType.test(parameter.Type))
      yield `${place}: Unrecognized parameter type: ${String(parameter.Type)}`;
    if (String(parameter.Description ?? '').length > 4_000) yield `${place}: its Description is too long`;
    const { Default } = parameter;
    if (Default === undefined) continue;
    if (typeof Default !== 'string' && typeof Default !== 'number')
      yield `Template format error: Every Default member must be a string.`;
    else {
      const problem = findParameterProblem(parameter as unknown as TemplateParameter, Default);
      if (problem) yield `${place}: its Default ${problem}`;
    }
  }
}
